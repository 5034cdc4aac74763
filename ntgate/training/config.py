"""What can be configured about networks and their training."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from ntgate.base import NUMBER, Frozen, Real, Whole, Width

GENTLE = 0.05  # of the base learning rate: what a pretrained transformer's weights learn at (5e-5 by default)
Steps: TypeAlias = Annotated[int, Field(gt=0, le=10_000_000), NUMBER]


class Mlp(Frozen):
    """A multilayer perceptron over flattened rows.

    Attributes:
        hidden: units of each hidden layer, from the input on; the last is the width of the features.
        dropout: share of the units that are left out at random in each training step.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: Annotated[tuple[Width, ...], Field(max_length=64)] = (256, 128)
    dropout: Real = Field(0.1, ge=0, lt=1)


class Cnn(Frozen):
    """A small convolutional network over grey ``(h, w)`` or colour ``(c, h, w)`` images.

    Attributes:
        channels: channels of each block, from the input on; each block halves the picture.
        width: of the features.
        dropout: share of the features that are left out at random in each training step.
    """

    kind: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Width, ...], Field(max_length=64)] = (24, 48)
    width: Whole = Field(128, gt=0, le=16_384)
    dropout: Real = Field(0.1, ge=0, lt=1)


class Imported(Frozen):
    """Any ``torch.nn.Module`` by import path, mapping ``(n, *shape)`` to features ``(n, width)``.

    The module is code of the project that writes the config: ntgate imports it, and adds normalisation and a linear head.

    Attributes:
        path: ``package.module:Class``.
        arguments: what the class is called with, by name.
    """

    kind: Literal["import"] = "import"
    path: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    arguments: dict[str, JsonValue] = {}


class Transformers(Frozen):
    """A Hugging Face transformer from a local folder with a ``config.json``, of images ``(c, h, w)`` or token ids ``(length,)``.

    A table with one column, of texts, becomes token ids by the ``tokenizer.json`` in the folder.

    The folder may also hold static word vectors, which is recognised by what lies in it (:mod:`ntgate.data.word_vectors`): then a
    text is the mean of its tokens' vectors, and ``pooling`` says nothing.

    The folder gives the architecture; its ``preprocessor_config.json``, where there is one, the size of pictures, how they are
    brought to it, their mean and their deviation; and its weights (``model.safetensors``, in one file or several) are what every
    transfer starts from, unless ``model.source_checkpoint`` names others; scratch starts at random. Where there are source rows the
    folder's weights are first trained on them.

    Attributes:
        path: a local folder.
        pooling: what of the last layer are the features: ``cls``, the first token's, or ``mean``, of all tokens; ``auto``: as the
            folder's own ``1_Pooling/config.json`` says, and ``cls`` where it has none.
        length: tokens of a text that are read; what is longer is cut. None: 128 of a transformer, 512 of word vectors unless their
            folder says less.
    """

    kind: Literal["transformers"] = "transformers"
    path: str = Field(min_length=1)
    pooling: Literal["auto", "cls", "mean"] = "auto"
    length: Annotated[int, Field(gt=1, le=8192), NUMBER] | None = None


def reads_texts(backbone: object) -> bool:
    """Whether a backbone reads texts, where rows have some."""
    return isinstance(backbone, Transformers)


class Residual(Frozen):
    """Two feature extractors of the same rows, whose features stand side by side."""

    kind: Literal["residual"] = "residual"
    source: Annotated[Mlp | Cnn | Imported | Transformers, Field(discriminator="kind")]
    own: Annotated[Mlp | Cnn | Imported | Transformers, Field(discriminator="kind")]


def _from_shorthand(value: Any) -> Any:
    """``mlp``, ``cnn`` and ``package.module:Class`` stand for the config with its defaults."""
    if not isinstance(value, str):
        return value
    return {"kind": "import", "path": value} if ":" in value else {"kind": value}


Backbone: TypeAlias = Annotated[Mlp | Cnn | Imported | Transformers, Field(discriminator="kind"), BeforeValidator(_from_shorthand)]


def default_backbone(input_shape: tuple[int, ...]) -> Backbone:
    """An MLP for vectors, a CNN for what has the shape of an image.

    >>> default_backbone((11,)).kind, default_backbone((16, 16)).kind, default_backbone((3, 32, 32)).kind
    ('mlp', 'cnn', 'cnn')
    """
    image = len(input_shape) in (2, 3) and min(input_shape[-2:]) >= 8
    return Cnn() if image else Mlp()


class NetworkSpec(Frozen):
    """All that is needed to rebuild a network around its weights.

    Attributes:
        backbone: the feature extractor; :class:`Residual` where a strategy put one beside another.
        input_shape: shape of one encoded row.
        classes: number of classes the head tells apart.
    """

    backbone: Backbone | Residual
    input_shape: tuple[int, ...]
    classes: int


class TrainingConfig(Frozen):
    """The budget and the optimiser, the same for every arm.

    Attributes:
        device: ``auto`` takes a GPU when there is one.
        precision: ``auto`` is bf16 mixed precision on a GPU and float32 on a CPU.
        steps: optimisation steps an arm may take; None: 40 passes over the target rows, between 400 and 2,000.
        source_steps: steps of pretraining on the source; None: 12 passes over the source rows, between 300 and 5,000.
        batch_size: rows of each stream in a step.
        learning_rate: peak of the cosine schedule of AdamW, after a warm-up over the first twentieth.
        weight_decay: decoupled weight decay.
        clip_norm: the gradient's norm is clipped here.
        evaluations: how often the validation rows are scored during the budget.
        patience: evaluations without improvement after which an arm stops early.
        processes: processes of this machine that share each batch, with a GPU each where there are GPUs.
        device_memory: GiB; rows that take less live on the device, more stream through workers.
        folds: parts of the labelled target rows, each held out once while an arm learns how far to go; then it is trained on all
            rows. 1: the validation rows alone are held out. None: 3, and 1 from 3,000 rows on.
        seconds: about how long all arms together may take; what does not fit is left out, in the order of the plan. None: no limit.
        workers: worker processes of a stream that does not fit on the device; 0: this process gathers the batches itself.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    steps: Steps | None = None
    source_steps: Steps | None = None
    batch_size: Whole = Field(64, gt=0, le=1_000_000)
    learning_rate: Real = Field(1e-3, ge=1e-12, le=1e6)
    weight_decay: Real = Field(1e-2, ge=0, le=1e6)
    clip_norm: Real = Field(1.0, ge=1e-12, le=1e12)
    evaluations: Whole = Field(20, gt=0, le=100_000)
    patience: Whole = Field(6, gt=0, le=100_000)
    processes: Whole = Field(1, gt=0, le=1024)
    device_memory: Real = Field(4.0, ge=0, le=1e6)
    workers: Whole = Field(2, ge=0, le=1024)
    seconds: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False), NUMBER] | None = None
    folds: Annotated[int, Field(ge=1, le=20), NUMBER] | None = None

    @model_validator(mode="after")
    def _equal_shares(self) -> TrainingConfig:
        if self.batch_size % self.processes:
            raise ValueError(f"batch_size {self.batch_size} cannot be shared equally by {self.processes} processes")
        return self

    def folds_of(self, rows: int) -> int:
        """Folds of so many labelled target rows.

        >>> TrainingConfig().folds_of(100), TrainingConfig().folds_of(3000), TrainingConfig(folds=5).folds_of(3000)
        (3, 1, 5)
        """
        return self.folds or (3 if rows < 3000 else 1)

    def target_steps(self, rows: int) -> int:
        """Steps for an arm with ``rows`` labelled target rows.

        >>> TrainingConfig().target_steps(100), TrainingConfig().target_steps(3200), TrainingConfig(steps=7).target_steps(9)
        (400, 2000, 7)
        """
        return self.steps or min(max(40 * -(-rows // self.batch_size), 400), 2000)

    def pretraining_steps(self, rows: int) -> int:
        """Steps of pretraining on ``rows`` source rows."""
        return self.source_steps or min(max(12 * -(-rows // self.batch_size), 300), 5000)
