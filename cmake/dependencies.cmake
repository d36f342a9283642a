# Finds every package; all that are missing are named together, with the command that installs them.
set(palloscope_missing "")

# palloscope_need(<found> <what it is> <Debian package>)
macro(palloscope_need found what package)
  if(NOT ${found})
    list(APPEND palloscope_missing "${package}")
    message(STATUS "Missing: ${what}")
  endif()
endmacro()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(fmt QUIET)
palloscope_need(fmt_FOUND "fmt, text formatting" libfmt-dev)

find_package(PkgConfig QUIET)
palloscope_need(PKG_CONFIG_FOUND "pkg-config" pkg-config)
if(PKG_CONFIG_FOUND)
  pkg_search_module(lua QUIET IMPORTED_TARGET lua5.4 lua-5.4 lua54)
  pkg_check_modules(lz4 QUIET IMPORTED_TARGET liblz4)
  pkg_check_modules(zstd QUIET IMPORTED_TARGET libzstd)
  pkg_check_modules(sqlite QUIET IMPORTED_TARGET sqlite3)  # optional
endif()
palloscope_need(lua_FOUND "Lua 5.4, the scenarios' language" liblua5.4-dev)
palloscope_need(lz4_FOUND "LZ4, compression while recording" liblz4-dev)
palloscope_need(zstd_FOUND "zstd, compression" libzstd-dev)

find_package(nlohmann_json QUIET)
palloscope_need(nlohmann_json_FOUND "nlohmann json" nlohmann-json3-dev)

find_package(Python3 QUIET COMPONENTS Interpreter)
palloscope_need(Python3_Interpreter_FOUND "Python 3, for what is generated at build" python3)

if(PALLOSCOPE_GUI)
  find_package(CLI11 QUIET)
  palloscope_need(CLI11_FOUND "CLI11, the command line" libcli11-dev)
endif()

if(PALLOSCOPE_TESTS)
  find_package(Catch2 QUIET)
  palloscope_need(Catch2_FOUND "Catch2, the tests' frame" catch2)
endif()

if(PALLOSCOPE_BENCH)
  find_package(benchmark QUIET)
  palloscope_need(benchmark_FOUND "Google Benchmark" libbenchmark-dev)
endif()

if(palloscope_missing)
  list(REMOVE_DUPLICATES palloscope_missing)
  list(JOIN palloscope_missing " " palloscope_missing_line)
  message(FATAL_ERROR "Packages are missing. ./run and ./test install them; by hand on Debian or Ubuntu:\n"
                      "  apt-get install ${palloscope_missing_line}\n")
endif()
