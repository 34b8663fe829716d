"""llama.cpp's chat endpoint with a template that knows think tags, for recording.

    python -m tests.engine.thinking_llama

prints ``{"url": ..., "model": ...}`` and serves SmolLM2 until it is killed. With such a template
llama.cpp takes answers apart (``reasoning_content``), unless a request says
``"reasoning_format": "none"``.
"""

import json
import threading

from quickstart import engine

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['reasoning_content'] %}"
    "<think>\n{{ message['reasoning_content'] }}\n</think>\n\n{% endif %}"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main() -> None:
    """Serve until killed."""
    import xllamacpp

    path = engine.weights()
    parameters = engine.parameters(path, host="127.0.0.1", port=0, parallel=1, context=512)
    parameters.chat_template, parameters.use_jinja = TEMPLATE, True
    server = xllamacpp.Server(parameters)
    print(json.dumps({"url": server.listening_address, "model": engine.MODEL}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
