# What the program carries inside itself: palloscope_assets (shaders, strings, scenarios, licences) and palloscope_fonts
# (subsets). Generated into <build>/generated, again only when a source of theirs changes.
set(palloscope_generated ${CMAKE_BINARY_DIR}/generated)
set(palloscope_embed ${CMAKE_SOURCE_DIR}/cmake/embed/embed.py)
file(MAKE_DIRECTORY ${palloscope_generated})

# --- assets ---
file(GLOB_RECURSE embedded_files RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/shaders/*.glsl ${CMAKE_SOURCE_DIR}/shaders/*.vert ${CMAKE_SOURCE_DIR}/shaders/*.frag
     ${CMAKE_SOURCE_DIR}/assets/strings/* ${CMAKE_SOURCE_DIR}/assets/scenarios/*)
set(pairs "")
set(paths "")
foreach(path IN LISTS embedded_files)
  list(APPEND pairs ${path}=${CMAKE_SOURCE_DIR}/${path})
  list(APPEND paths ${CMAKE_SOURCE_DIR}/${path})
endforeach()
foreach(licence inter:fonts-inter jetbrains-mono:fonts-jetbrains-mono noto-sans-cjk:fonts-noto-cjk
                font-awesome:fonts-font-awesome)
  string(REPLACE ":" ";" licence ${licence})
  list(GET licence 0 name)
  list(GET licence 1 package)
  if(EXISTS /usr/share/doc/${package}/copyright)
    list(APPEND pairs licences/${name}.txt=/usr/share/doc/${package}/copyright)
  endif()
endforeach()
list(APPEND pairs licences/palloscope.txt=${CMAKE_SOURCE_DIR}/LICENSE)
if(PALLOSCOPE_GUI)
  list(APPEND pairs licences/dear-imgui.txt=${PALLOSCOPE_THIRD_PARTY}/imgui/LICENSE.txt)
endif()
add_custom_command(
  OUTPUT ${palloscope_generated}/assets.h ${palloscope_generated}/assets.cpp
  COMMAND ${Python3_EXECUTABLE} ${palloscope_embed} assets ${palloscope_generated} ${pairs}
  DEPENDS ${palloscope_embed} ${paths} ${CMAKE_SOURCE_DIR}/LICENSE
  COMMENT "Embedding shaders, strings and scenarios"
  VERBATIM)
add_library(palloscope_assets STATIC ${palloscope_generated}/assets.cpp ${palloscope_generated}/assets.h)
target_include_directories(palloscope_assets SYSTEM PUBLIC ${CMAKE_BINARY_DIR})

# --- fonts ---
if(PALLOSCOPE_GUI)
  # The characters: every text that can reach the screen lies in the strings, the scenarios or the sources.
  file(GLOB_RECURSE texts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/assets/strings/* ${CMAKE_SOURCE_DIR}/assets/scenarios/*
       ${CMAKE_SOURCE_DIR}/core/*.cpp ${CMAKE_SOURCE_DIR}/trace/*.cpp ${CMAKE_SOURCE_DIR}/gui/*.cpp
       ${CMAKE_SOURCE_DIR}/gui/*.h)
  set(characters ${palloscope_generated}/characters.txt)
  add_custom_command(
    OUTPUT ${characters}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/cmake/embed/characters.py ${characters} ${texts}
    DEPENDS ${CMAKE_SOURCE_DIR}/cmake/embed/characters.py ${texts}
    COMMENT "Collecting the characters of all texts"
    VERBATIM)

  # ASCII, Latin-1, general punctuation, super- and subscripts, arrows, mathematics, box drawing, shapes, marks.
  set(latin U+0020-007E,U+00A0-00FF,U+0131,U+0152-0153,U+2010-205E,U+2070-209F,U+2190-21FF,U+2200-22FF,U+2300-23FF)
  set(latin ${latin},U+2500-257F,U+2580-25FF,U+2600-26FF,U+2700-27BF)
  set(font_pairs "")
  set(font_files "")
  # palloscope_font(<name> <file> <pyftsubset options>...)
  function(palloscope_font name source)
    set(out ${palloscope_generated}/${name}.font)
    add_custom_command(
      OUTPUT ${out}
      COMMAND ${PYFTSUBSET} ${source} --output-file=${out} --no-hinting --layout-features= --notdef-outline
              --drop-tables+=GSUB,GPOS,GDEF,BASE,VORG,vhea,vmtx,FFTM ${ARGN}
      DEPENDS ${characters} ${source}
      COMMENT "Cutting font ${name}"
      VERBATIM)
    set(font_pairs ${font_pairs} ${name}=${out} PARENT_SCOPE)
    set(font_files ${font_files} ${out} PARENT_SCOPE)
  endfunction()
  palloscope_font(font_inter_regular ${FONT_INTER_REGULAR} --unicodes=${latin})
  palloscope_font(font_inter_semibold ${FONT_INTER_SEMIBOLD} --unicodes=${latin})
  palloscope_font(font_jetbrains_mono ${FONT_JETBRAINS_MONO} --unicodes=${latin})
  # The collection's third face is simplified Chinese.
  palloscope_font(font_noto_sans_sc ${FONT_NOTO_SANS_CJK} --font-number=2 --text-file=${characters})
  palloscope_font(font_awesome ${FONT_AWESOME} --unicodes=U+F000-F2FF)
  add_custom_command(
    OUTPUT ${palloscope_generated}/fonts.h ${palloscope_generated}/fonts.cpp
    COMMAND ${Python3_EXECUTABLE} ${palloscope_embed} fonts ${palloscope_generated} ${font_pairs}
    DEPENDS ${palloscope_embed} ${font_files}
    COMMENT "Embedding fonts"
    VERBATIM)
  add_library(palloscope_fonts STATIC ${palloscope_generated}/fonts.cpp ${palloscope_generated}/fonts.h)
  target_include_directories(palloscope_fonts SYSTEM PUBLIC ${CMAKE_BINARY_DIR})
endif()
