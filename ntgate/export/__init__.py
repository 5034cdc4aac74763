"""Trained networks as ONNX: raw rows in, class scores out."""
