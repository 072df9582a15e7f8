"""What people call the things of a problem."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What people call things; names in braces stand for what `ProblemSpec.said` knows, and for parameters' values.

    Attributes:
        title: Of the pages.
        network: What is searched, in a sentence.
        baseline: The configuration that the person has today.
        units: The same in a chart's legend.
        example: What one row of the data is.
        label: What a class is.
        file: What a local copy of the data is usually called.
        does: What a network of it is for.
        layers: What it is made of.
        training: How it is trained besides the parameters.
        limits: What was not measured, in sentences.
        reading: Code that reads a file, of a `{file}` in quotation marks, into an array, which it calls `Inputs.name`;
            `described` is what `model.json` says, where that is needed.
        packages: What it imports, as `pip` calls it.
        values: What the least and the greatest value of an example's numbers mean.
    """

    title: str
    network: str
    baseline: str
    units: str
    example: str = "example"
    label: str = "class"
    file: str = "file"
    does: str = "A network that says the {label} of each {example}"
    layers: str = "{features} numbers in, {classes} probabilities out"
    training: str = "categorical cross-entropy"
    limits: tuple[str, ...] = (
        'It has no answer for "no {label}": whatever the {example}, the probabilities sum to 1, uncalibrated.',
    )
    reading: str = 'import numpy as np\n\n{inputs} = np.load("{inputs}.npy")\n'
    packages: str = "numpy"
    values: str = ""
