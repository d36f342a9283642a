# Warnings for our own targets (third-party code is included as SYSTEM and compiled without them), sanitizers, ccache.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Every target of ours goes through here once.
function(palloscope_own_code target)
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
