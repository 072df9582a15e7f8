// A canvas to draw on: light strokes on a dark ground. After each stroke its grey values go to Python as the
// state `drawing`: SIDE x SIDE bytes in Base64, row by row; nothing where nothing is drawn.

const SIDE = 112; // finer than an example, so that a small drawing can be enlarged
const STROKE = 22; // of the canvas's 280 pixels: about as broad as a pen's

function wipe(canvas) {
  const context = canvas.getContext("2d");
  context.fillStyle = "black";
  context.fillRect(0, 0, canvas.width, canvas.height);
}

function place(canvas, event) {
  const area = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - area.left) * canvas.width) / area.width,
    y: ((event.clientY - area.top) * canvas.height) / area.height,
  };
}

function line(canvas, from, to) {
  const context = canvas.getContext("2d");
  context.strokeStyle = "white";
  context.lineWidth = STROKE;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  context.stroke();
}

function greyValues(canvas) {
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const context = small.getContext("2d");
  context.drawImage(canvas, 0, 0, SIDE, SIDE);
  const colours = context.getImageData(0, 0, SIDE, SIDE).data; // red, green, blue, opacity
  const reds = Array.from({ length: SIDE * SIDE }, (_, pixel) => colours[4 * pixel]);
  return btoa(String.fromCharCode(...reds));
}

// Streamlit calls this at every run: what is drawn, and a stroke that is under way, stay with the canvas.
export default function ({ parentElement, setStateValue, data }) {
  const canvas = parentElement.querySelector("canvas");
  canvas.ariaLabel = data.title;
  parentElement.querySelector("p").textContent = data.how;
  if (!canvas.isReady) {
    wipe(canvas);
    canvas.isReady = true;
  }
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.last = place(canvas, event);
    line(canvas, canvas.last, canvas.last);
  };
  canvas.onpointermove = (event) => {
    if (!canvas.last) return;
    const here = place(canvas, event);
    line(canvas, canvas.last, here);
    canvas.last = here;
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!canvas.last) return;
    canvas.last = null;
    setStateValue("drawing", greyValues(canvas));
  };
  parentElement.querySelector("button").onclick = () => {
    wipe(canvas);
    setStateValue("drawing", "");
  };
}
