"""What can be configured about pictures."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from ntgate.base import NUMBER, Frozen

Side: TypeAlias = Annotated[int, Field(gt=0, le=8192), NUMBER]
Brightness: TypeAlias = Annotated[float, Field(ge=-1e9, le=1e9), NUMBER]
Fit: TypeAlias = Literal["crop", "pad", "squash"]
Mode: TypeAlias = Literal["L", "RGB"]


class ImagesSpec(Frozen):
    """How pictures become rows of one size, in every domain.

    Attributes:
        size: height and width of every row, or one number for both; None: what the processor of a Hugging Face backbone says,
            else the size that all the target's pictures have, else a square of their median short side, of at most 224.
        fit: how a picture of another shape is brought to it. ``crop`` resizes by the short side and keeps the middle, ``pad`` by
            the long side with black at the edges, ``squash`` each side by itself; None: as the processor says, else ``crop``.
        mode: ``L`` for grey, ``RGB`` for colour; None: ``image_mode`` of each domain.
        range: what is black and what is white in pictures of more than 8 bits a channel, or in arrays; None: 0 and the largest
            number of the bits that the pictures of all domains use.
        splits: of a folder that holds ``train``, ``val`` and the like: ``together`` reads all of them, each with its classes
            below; ``classes`` takes them for classes; None: together, and ``test`` of the target is asked about.
        layout: where the channels of pictures in an npz stand: ``last``, ``(n, h, w, c)``, or ``first``, ``(n, c, h, w)``; None:
            last where whole numbers of 8 bits show it, and asked about where other numbers do.
    """

    size: Side | tuple[Side, Side] | None = None
    fit: Fit | None = None
    mode: Mode | None = None
    range: tuple[Brightness, Brightness] | None = None
    splits: Literal["together", "classes"] | None = None
    layout: Literal["last", "first"] | None = None

    @model_validator(mode="after")
    def _from_dark_to_light(self) -> ImagesSpec:
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(f"what is black below what is white, got {list(self.range)}")
        return self

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width.

        >>> ImagesSpec(size=24).sides
        (24, 24)
        """
        return (self.size, self.size) if isinstance(self.size, int) else self.size
