"""A repository of cc_library targets, one a system library, with link options from pkg-config.

Headers are found by the compiler's built-in paths, so a target carries only link options. Loading
fails with the Debian package's name when a library is not installed.
"""

# target -> (pkg-config modules, Debian package)
_PKG_CONFIG = {
    "absl": ([
        "absl_status",
        "absl_statusor",
        "absl_strings",
        "absl_str_format",
        "absl_cord",
        "absl_time",
        "absl_flat_hash_map",
        "absl_flat_hash_set",
    ], "libabsl-dev"),
    "benchmark": (["benchmark"], "libbenchmark-dev"),
    "gflags": (["gflags"], "libgflags-dev"),
    "glog": (["libglog"], "libgoogle-glog-dev"),
    "gtest": (["gtest", "gmock", "gmock_main"], "libgmock-dev"),
    "hiredis": (["hiredis"], "libhiredis-dev"),
    "openssl": (["openssl"], "libssl-dev"),
    "jwt": (["libjwt"], "libjwt-dev"),
    "pq": (["libpq"], "libpq-dev"),
    "pqxx": (["libpqxx"], "libpqxx-dev"),
    "protobuf": (["protobuf"], "libprotobuf-dev"),
    "sodium": (["libsodium"], "libsodium-dev"),
    "yaml": (["yaml-cpp"], "libyaml-cpp-dev"),
}

# target -> (link options, header that must exist, Debian package)
_PLAIN = {
    "boost": (["-lpthread"], "/usr/include/boost/beast.hpp", "libboost1.81-dev"),
    "eigen": ([], "/usr/include/eigen3/Eigen/Dense", "libeigen3-dev"),
    "prometheus": (["-lprometheus-cpp-core"], "/usr/include/prometheus/registry.h", "prometheus-cpp-dev"),
    "boost_json": (["-lboost_json"], "/usr/include/boost/json.hpp", "libboost-json1.81-dev"),
}

_TARGET = """
cc_library(
    name = "{name}",
    linkopts = {linkopts},
    visibility = ["//visibility:public"],
)
"""

def _system_libraries_impl(ctx):
    build = ""
    for name, (modules, package) in _PKG_CONFIG.items():
        result = ctx.execute(["pkg-config", "--libs"] + modules)
        if result.return_code != 0:
            fail("{} not found: install the Debian package {} (or run ./tools/bazel)\n{}".format(
                name,
                package,
                result.stderr,
            ))
        build += _TARGET.format(name = name, linkopts = repr(result.stdout.strip().split(" ")))
    for name, (linkopts, header, package) in _PLAIN.items():
        if not ctx.path(header).exists:
            fail("{} not found: install the Debian package {}".format(header, package))
        build += _TARGET.format(name = name, linkopts = repr(linkopts))
    ctx.file("BUILD.bazel", build)

system_libraries = repository_rule(
    implementation = _system_libraries_impl,
    local = True,
)
