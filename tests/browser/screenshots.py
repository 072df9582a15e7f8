"""`make screenshots`: the pictures of the dashboard in the documents, taken of a real study."""

import argparse
import sys
from pathlib import Path

from benchmarks.browsing import COMPLETE, browsing, serving
from benchmarks.systems import BenchmarkError

# By file: the page, and what stands in its address; and the height of the picture in pixels.
PICTURES = {"dashboard": ("", 980), "trials": ("trials", 900), "model": ("model", 1050)}
WIDTH = 1280  # pixels
SCALE = 1.5  # of the picture's pixels to the page's
# A 3 as somebody draws it, in shares of the canvas.
DIGIT = [(0.3, 0.25), (0.5, 0.17), (0.68, 0.3), (0.5, 0.48), (0.7, 0.65), (0.5, 0.83), (0.28, 0.74)]


def main() -> int:
    """Take the pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="home of the studies, from the repository on (default: runs)"
    )
    parser.add_argument("--study", default="", help="(default: the newest)")
    parser.add_argument("--into", type=Path, default=Path("docs"), help="(default: docs)")
    options = parser.parse_args()
    try:
        with browsing() as browser, serving("--runs", options.runs) as server:
            for name, (path, height) in PICTURES.items():
                page = browser.new_page(viewport={"width": WIDTH, "height": height}, device_scale_factor=SCALE)
                page.goto(f"{server.address}/{path}" + (f"?study={options.study}" if options.study else ""))
                page.wait_for_function(COMPLETE)
                if name == "model":
                    draw(page)
                if path:  # the overview has no margin to lose
                    page.add_style_tag(content="[data-testid=stMainBlockContainer] { padding-top: 2rem }")
                page.wait_for_timeout(1000)  # a figure and a table grow into their places
                file = options.into / f"{name}.png"
                page.screenshot(path=file)
                print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
                page.close()
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def draw(page):
    """Draw a digit with the mouse."""
    area = page.get_by_label("Draw a digit").bounding_box()
    places = [(area["x"] + across * area["width"], area["y"] + down * area["height"]) for across, down in DIGIT]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
    page.get_by_text("says").first.wait_for()
    page.mouse.move(0, 0)
    page.wait_for_function(COMPLETE)


if __name__ == "__main__":
    sys.exit(main())
