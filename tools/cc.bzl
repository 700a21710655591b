"""The macros every C++ target uses: warnings are errors, and the test suffix says what it needs.

praxis_cc_test(name = "x_test")       pure
praxis_cc_test(name = "x_pgtest")     starts a private PostgreSQL: runs outside the sandbox
praxis_cc_test(name = "x_redistest")  starts a private Redis: runs outside the sandbox
praxis_cc_benchmark(name = "x_benchmark")  Google Benchmark; not part of the default test run
"""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
    "-ffp-contract=off",
    "-DBOOST_ASIO_NO_DEPRECATED",
    "-DBOOST_ASIO_SEPARATE_COMPILATION",
    "-DBOOST_BEAST_SEPARATE_COMPILATION",
]

def praxis_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = COPTS + copts, **kwargs)

def praxis_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = COPTS + copts, **kwargs)

def praxis_cc_test(name, copts = [], deps = [], tags = [], size = "small", **kwargs):
    needs_service = name.endswith("_pgtest") or name.endswith("_redistest")
    native.cc_test(
        name = name,
        size = "medium" if needs_service and size == "small" else size,
        copts = COPTS + copts,
        tags = tags + (["local"] if needs_service else []),
        deps = deps + ["@system//:gtest"],
        **kwargs
    )

def praxis_cc_benchmark(name, copts = [], deps = [], tags = [], **kwargs):
    native.cc_binary(
        name = name,
        testonly = True,
        copts = COPTS + copts,
        tags = tags + ["benchmark"],
        deps = deps + ["@system//:benchmark"],
        **kwargs
    )
