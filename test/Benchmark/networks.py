# networks.py - standard networks as ONNX files with their BatchNormalizations left in, weights random.
# SPDX-License-Identifier: Apache-2.0
#
# usage: networks.py FOLDER [NETWORK...] [--batch N]     (needs torch, torchvision, timm, onnx, onnxscript)
import argparse
import pathlib
import warnings

NETWORKS = {
    "resnet18": "torchvision", "resnet50": "torchvision", "vgg16_bn": "torchvision", "repvgg_a0": "timm", "mobileone_s0": "timm",
    "mobilenet_v2": "torchvision", "densenet121": "torchvision", "efficientnet_b0": "torchvision", "levit_128s": "timm",
}


def make(name):
    import timm
    import torch
    import torchvision
    torch.manual_seed(0)
    model = torchvision.models.get_model(name) if NETWORKS.get(name) == "torchvision" else timm.create_model(name)
    random = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.track_running_stats:
            # statistics of a fresh network are 0 and 1, with which folding would have nothing to do
            module.running_mean.normal_(0, 0.1, generator=random)
            module.running_var.uniform_(0.6, 1.4, generator=random)
            if module.affine:
                module.weight.data.uniform_(0.5, 1.1, generator=random)
                module.bias.data.normal_(0, 0.1, generator=random)
    return model.eval()


def export(name, folder, batch=1):
    """The path of the network's file, which is made if it is not there."""
    path = pathlib.Path(folder) / f"{name}-{batch}.onnx"
    if path.exists():
        return path
    import torch
    warnings.filterwarnings("ignore")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with torch.no_grad():
        # this exporter leaves BatchNormalizations alone where it believes that the network is trained on
        torch.onnx.export(make(name), (torch.randn(batch, 3, 224, 224),), str(beside), input_names=["input"], output_names=["output"], dynamo=False,
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, opset_version=17)
    beside.rename(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("networks", nargs="*", default=list(NETWORKS))
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()
    for network in arguments.networks:
        print(export(network, arguments.folder, arguments.batch), flush=True)
