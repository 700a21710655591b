// Linked into every program that asks for base::ThisBuild(); see build_info.cc.
#ifndef BUILD_SCM_REVISION
#define BUILD_SCM_REVISION "unknown"
#endif

extern const char kPraxisCommit[];
const char kPraxisCommit[] = BUILD_SCM_REVISION;
