// Catch2's main, compiled once for all test programs (slow to compile in version 2; version 3 brings its own).
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
