"""Embeds text files into a C++ library, so that a binary needs no files beside it."""

def embed_text(name, src, symbol, namespace, visibility = None):
    """A cc_library `name` with header `name.h`: `namespace::symbol`, a std::string_view of the file.

    Args:
      name: target and base of the header's name.
      src: label of a file in the workspace, or an absolute path of a file of the system.
      symbol: variable's name, e.g. kPageCss.
      namespace: C++ namespace.
      visibility: as usual.
    """
    system_file = src.startswith("/")
    path = src if system_file else "$(location {})".format(src)
    native.genrule(
        name = name + "_source",
        srcs = [] if system_file else [src],
        outs = [name + ".h", name + ".cc"],
        cmd = "\n".join([
            "h=$(location {}.h); c=$(location {}.cc)".format(name, name),
            "printf '#pragma once\\n#include <string_view>\\nnamespace {} {{\\n' > $$h".format(namespace),
            "printf 'extern const std::string_view {};\\n}}\\n' >> $$h".format(symbol),
            "printf '#include \"{}/{}.h\"\\nnamespace {} {{\\n' > $$c".format(native.package_name(), name, namespace),
            "printf 'const std::string_view {} =\\nR\"embedded(' >> $$c".format(symbol),
            "cat {} >> $$c".format(path),
            "printf ')embedded\";\\n}\\n' >> $$c",
        ]),
    )
    native.cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        visibility = visibility,
    )
