# Dear ImGui 1.92 and the OpenGL loader, from source that cmake/setup/third_party.sh put into PALLOSCOPE_THIRD_PARTY.
#
#   imgui             core, as the program uses it
#   imgui_for_tests   the same with ImGui's item hooks compiled in, so that tests find widgets by label; what is laid out
#                     in memory is the same, so that the layers compiled for the program link with either
#   imgui_backends    GLFW and OpenGL 3 backends (the same for both: they use no item hooks)
#   glad              OpenGL 3.3 core loader
set(imgui_source ${PALLOSCOPE_THIRD_PARTY}/imgui)

if(PALLOSCOPE_FETCH AND NOT EXISTS ${imgui_source}/imgui.h)
  # For systems without apt. Off by default: a configure step that waits for a network hangs where there is none.
  include(FetchContent)
  FetchContent_Declare(imgui GIT_REPOSITORY https://github.com/ocornut/imgui.git GIT_TAG v1.92.2b GIT_SHALLOW ON)
  FetchContent_Populate(imgui)
  set(imgui_source ${imgui_SOURCE_DIR})
endif()
set(imgui_version "")
if(EXISTS ${imgui_source}/imgui.h)
  file(STRINGS ${imgui_source}/imgui.h imgui_version REGEX "^#define IMGUI_VERSION +\"1\\.92\\.")
endif()
if(NOT imgui_version OR NOT EXISTS ${PALLOSCOPE_THIRD_PARTY}/glad/src/gl.c)
  message(FATAL_ERROR "Dear ImGui 1.92 or the OpenGL loader is not in ${PALLOSCOPE_THIRD_PARTY}. "
                      "./run and ./test get them; by hand:\n"
                      "  cmake/setup/third_party.sh ${PALLOSCOPE_THIRD_PARTY}\n"
                      "(without apt: configure with -DPALLOSCOPE_FETCH=ON for ImGui)\n")
endif()

add_library(imgui_headers INTERFACE)
target_include_directories(imgui_headers SYSTEM INTERFACE ${imgui_source} ${imgui_source}/backends
                                                          ${imgui_source}/misc/cpp)
target_compile_definitions(imgui_headers INTERFACE IMGUI_DISABLE_OBSOLETE_FUNCTIONS)

set(imgui_core ${imgui_source}/imgui.cpp ${imgui_source}/imgui_draw.cpp ${imgui_source}/imgui_tables.cpp
               ${imgui_source}/imgui_widgets.cpp ${imgui_source}/misc/cpp/imgui_stdlib.cpp)
add_library(imgui STATIC ${imgui_core})
target_link_libraries(imgui PUBLIC imgui_headers)

if(PALLOSCOPE_TESTS)
  add_library(imgui_for_tests STATIC EXCLUDE_FROM_ALL ${imgui_core})
  target_link_libraries(imgui_for_tests PUBLIC imgui_headers)
  target_compile_definitions(imgui_for_tests PUBLIC IMGUI_ENABLE_TEST_ENGINE)
endif()

add_library(glad STATIC ${PALLOSCOPE_THIRD_PARTY}/glad/src/gl.c)
target_include_directories(glad SYSTEM PUBLIC ${PALLOSCOPE_THIRD_PARTY}/glad/include)
target_link_libraries(glad PRIVATE ${CMAKE_DL_LIBS})

add_library(imgui_backends STATIC ${imgui_source}/backends/imgui_impl_glfw.cpp
                                  ${imgui_source}/backends/imgui_impl_opengl3.cpp)
target_link_libraries(imgui_backends PUBLIC imgui_headers glfw PRIVATE ${CMAKE_DL_LIBS})

palloscope_foreign_code(imgui imgui_backends glad)
if(PALLOSCOPE_TESTS)
  palloscope_foreign_code(imgui_for_tests)
endif()
