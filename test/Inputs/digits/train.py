# train.py - trains the digits classifier beside it and writes digits.onnx, images.npy and labels.npy.
# SPDX-License-Identifier: Apache-2.0
#
# usage: train.py [FOLDER]      needs torch, onnx and scikit-learn, which carries the data: 1797 digits of 8×8 pixels
#                               (UCI Optical Recognition of Handwritten Digits)
#
# The network has what a folding compiler should see: Conv–BatchNorm–ReLU, a residual Add, a depthwise convolution and a
# BatchNorm behind a fully connected layer. It is exported as it was trained, every BatchNormalization left in, with
# a symbolic batch. images.npy and labels.npy are 360 digits that training never saw.
import os
import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

HELD_OUT = 360
EPOCHS = 60


def block(inputs, outputs, size=3, stride=1, groups=1, relu=True):
    layers = [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, nn.ReLU()) if relu else nn.Sequential(*layers)


class Digits(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.stem = block(1, width)
        self.residual = nn.Sequential(block(width, width), block(width, width, relu=False))
        self.depthwise = block(width, width, stride=2, groups=width)
        self.pointwise = block(width, 2 * width, size=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(2 * width, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, image):
        x = self.stem(image)
        x = torch.relu(x + self.residual(x))
        return self.head(self.pool(self.pointwise(self.depthwise(x))))


def load():
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], digits.target[order].astype(np.int64)
    return (images[HELD_OUT:], labels[HELD_OUT:]), (images[:HELD_OUT], labels[:HELD_OUT])


def shifted(images):
    """Each image moved by up to one pixel, so that the network does not learn positions by heart."""
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2)).tolist()
    return torch.stack([image[:, y : y + 8, x : x + 8] for image, (y, x) in zip(padded, moves)])


def train(images, labels):
    model = Digits()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2)
    batches = (len(images) + 63) // 64
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=EPOCHS * batches)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).chunk(batches):
            loss = nn.functional.cross_entropy(model(shifted(images[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    torch.manual_seed(0)
    (images, labels), (test_images, test_labels) = load()
    model = train(torch.from_numpy(images), torch.from_numpy(labels))
    with torch.no_grad():
        answers = model(torch.from_numpy(test_images)).argmax(1).numpy()
    print(f"{(answers == test_labels).mean():.4f} of {len(test_labels)} held-out digits are right")

    # training=PRESERVE keeps Conv and BatchNormalization apart, which the exporter would otherwise merge.
    batch = {0: "batch"}
    torch.onnx.export(model, (torch.from_numpy(test_images[:2]),), os.path.join(folder, "digits.onnx"), input_names=["image"],
                      output_names=["logits"], dynamic_axes={"image": batch, "logits": batch}, dynamo=False,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, opset_version=17)
    np.save(os.path.join(folder, "images.npy"), test_images)
    np.save(os.path.join(folder, "labels.npy"), test_labels)


if __name__ == "__main__":
    main()
