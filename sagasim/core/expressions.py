"""placeholder until the real one lands"""
def compile_expression(text, names):
    import re
    index = {n: i for i, n in enumerate(names)}
    src = re.sub(r"[a-z_]+(?:\.[a-z_]+)*", lambda m: m[0] if m[0] in ("and","or","not") else f"r[{index[m[0]]}]", text.replace("\n"," "))
    return eval("lambda r: " + src)
def names_in(text):
    import re
    return tuple(dict.fromkeys(w for w in re.findall(r"[a-z_]+(?:\.[a-z_]+)*", text) if w not in ("and","or","not")))
