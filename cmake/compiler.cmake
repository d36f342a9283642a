# Warnings for our own targets (third-party code is included as SYSTEM and compiled without them), sanitizers, ccache.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  if(PALLOSCOPE_PCH)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endif()

# Every target of ours goes through here once; further arguments: headers that nearly all of its files include.
function(palloscope_own_code target)
  if(PALLOSCOPE_PCH)
    target_precompile_headers(
      ${target} PRIVATE <algorithm> <array> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <span>
      <string> <string_view> <unordered_map> <variant> <vector> <fmt/format.h> ${ARGN})
  endif()
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
  if(PALLOSCOPE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

if(PALLOSCOPE_SANITIZE)
  add_compile_options(-fsanitize=${PALLOSCOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PALLOSCOPE_SANITIZE} -fno-sanitize-recover=all)
endif()

# Other people's code needs no checks by sanitizers: what it is handed still lies in memory that is watched.
function(palloscope_foreign_code)
  if(PALLOSCOPE_SANITIZE)
    foreach(target ${ARGN})
      target_compile_options(${target} PRIVATE -fno-sanitize=all)
    endforeach()
  endif()
endfunction()
