"""A question on which two sides differ, made as small as it goes."""


def shrink(value, differs, tries=3000):
    """The smallest variant of a JSON value for which `differs` holds still."""
    left = [tries]

    def still(candidate):
        left[0] -= 1
        return left[0] > 0 and differs(candidate)

    improved = True
    while improved and left[0] > 0:
        improved = False
        for candidate in variants(value):
            if still(candidate):
                value = candidate
                improved = True
                break
    return value


def variants(value):
    """Simpler values: less of it first, then its parts made simpler."""
    if isinstance(value, dict):
        for key in value:
            yield {other: value[other] for other in value if other != key}
        for key in value:
            for part in variants(value[key]):
                yield {**value, key: part}
    elif isinstance(value, list):
        half = len(value) // 2
        if half > 1:
            yield value[:half]
            yield value[half:]
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, item in enumerate(value):
            for part in variants(item):
                yield value[:index] + [part] + value[index + 1 :]
    elif isinstance(value, str):
        half = len(value) // 2
        if value:
            yield ""
        if half:
            yield value[:half]
            yield value[half:]
            yield value[1:]
            yield value[:-1]
    elif isinstance(value, bool):
        if value:
            yield False
    elif isinstance(value, (int, float)) and value != 0:
        yield 0
        if value != int(value) if value == value and abs(value) < 1e18 else True:
            yield 1
