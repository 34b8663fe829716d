"""Run by vLLM's own Python: the model in a GGUF file as transformers keeps models, unquantised.

python dequantise.py DIRECTORY_OF_GGUF FILE OUTPUT
"""

import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig


def main(directory: str, name: str, output: str) -> None:
    """Write config, weights in bfloat16 and tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(
        directory,
        gguf_file=name,
        quantization_config=GgufConfig(gguf_file=name, dequantize=True),
        dtype=torch.bfloat16,
    )
    model.save_pretrained(output)
    AutoTokenizer.from_pretrained(directory, gguf_file=name).save_pretrained(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
