"""open_clip without what its own towers do not use."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
from soundedit.nets.clip import build_clip, embed_text
text = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
own = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32}
config = {"embed_dim": 12, "vision_cfg": own, "text_cfg": text}
light = build_clip(config)
shape = list(embed_text(light, config, ["rain"]).shape)
heavy = {"timm", "torch._dynamo", "torchvision", "transformers"} & set(sys.modules)
other = {"image_size": 32, "timm_model_name": "resnet10t", "timm_pool": "avg"}
towers = build_clip({**config, "vision_cfg": other})
import torchvision
print(json.dumps({
    "shape": shape,
    "heavy": sorted(heavy),
    "timm": type(towers.visual.trunk).__module__,
    "same": list(light.state_dict())[-3:] == list(build_clip(config).state_dict())[-3:],
    "torchvision": torchvision.ops.misc.__name__ + " " + torchvision.transforms.__name__,
}))
"""


def test_own_towers_are_light_and_others_still_load() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "shape": [1, 12],
        "heavy": [],
        "timm": "timm.models.resnet",
        "same": True,
        "torchvision": "torchvision.ops.misc torchvision.transforms",
    }
