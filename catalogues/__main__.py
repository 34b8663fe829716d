"""``python -m catalogues``: bring every catalogue up to the source, compile, and say what lacks."""

from catalogues import LANGUAGES
from catalogues.checks import is_translated, problems
from catalogues.files import as_po, compiled, path_of, read, updated
from catalogues.source import template


def main() -> None:
    source = template()
    for language in LANGUAGES:
        catalogue = updated(language, source, read(language))
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalogue))
        path_of(language, "mo").write_bytes(compiled(language, catalogue))
        done = sum(map(is_translated, catalogue))
        print(f"{language}: {done} of {len(catalogue)} texts are translated")
        for message in catalogue:
            if is_translated(message):
                for problem in problems(message, catalogue.forms, catalogue.of_one_number):
                    print(f"  {problem}: {message.id!r}")


if __name__ == "__main__":
    main()
