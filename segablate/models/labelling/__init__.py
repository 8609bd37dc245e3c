"""The last step in one go: from an upsampler's code to a label map, without the scores of every pixel.

        code (classes, h, w) ── enlarge ──► scores (classes, H, W) ── arg max ──► labels (H, W)
              1.2 MB                              40 MB                            0.5 MB

Sizes are of 19 classes at 512×1024, stride 8. The scores in the middle are written once and read once, and
nobody else wants them. What is here gives the same labels and never holds more than a piece of them.

| file | does |
|---|---|
| `plain` | what all must equal: the arg max of the enlarged scores; when nothing else may be done |
| `tiles` | the arg max of as many scores as the cache has room for |
| `axis` | which cells every pixel of a row or a column is a mean of, and with what weights |
| `bilinear` | bilinear interpolation on the CPU |
| `kernel` | bilinear interpolation on CUDA, in Triton |
| `ways` | which of them is open |
| `patches` | upsamplers that lay a cell's own numbers out as a patch |

Two classes whose scores at a pixel are equal up to rounding are a tie: either may be given.
"""
