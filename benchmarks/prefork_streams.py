"""What people would use instead: a Celery prefork worker whose tasks stream with ``openai``.

Run by ``benchmarks.worker_streams`` in the environment of requirements.txt. As a command it asks
for so many streams at once and prints how many pieces came.
"""

import os
import sys
from typing import Any

import celery
import openai

PROMPT = list(range(1000, 1400))

app = celery.Celery(broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task(name="stream")
def stream(url: str, tokens: int) -> int:
    """One answer, with what of it is kept; the number of its pieces."""
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=3600)
    texts: list[str] = []
    ids: list[int] = []
    answer: Any = client.completions.create(
        model="paced",
        prompt=PROMPT,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=tokens,
        seed=5,
        extra_body={"return_token_ids": True},
    )
    for event in answer:
        for choice in event.choices:
            texts.append(choice.text)
            ids.extend(choice.token_ids or ())
    return len(texts)


def main() -> None:
    url, count, tokens = sys.argv[1:]
    asked = celery.group(stream.s(url, int(tokens)) for _number in range(int(count)))
    print(sum(asked().get()))


if __name__ == "__main__":
    main()
