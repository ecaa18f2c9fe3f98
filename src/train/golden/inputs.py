"""The maps of a case, from integers that C++ repeats (../golden_test.cpp)."""

PROBE = 99


def noise(seed, count):
    """Numbers from -1 to 1 in steps of 2^-23: a linear congruential generator's upper 24 bits."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append((state >> 8) / 2**23 - 1)
    return values


def maps_of(case):
    """[(shape, values)], scale after scale. Of a map's values: spread * noise + shift + tilt * (channel % period), by
    the map's place in its scale; map m has the seed of the case + m."""
    result = []
    for stride in case["strides"]:
        for style in case["maps"]:
            height, width = case["height"] // stride, case["width"] // stride
            shape = (case["batch"], style["channels"], height, width)
            values = noise(case["seed"] + len(result), case["batch"] * style["channels"] * height * width)
            for i in range(len(values)):
                channel = i // (height * width) % style["channels"]
                values[i] = style["spread"] * values[i] + style["shift"] + style["tilt"] * (channel % style["period"])
            result.append((shape, values))
    return result
