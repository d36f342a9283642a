#include "gui/gl/gl_parts.h"

#include <glad/gl.h>

#include <string>

#include "generated/assets.h"

namespace palloscope::gui {
namespace {

constexpr const char* kVersionLine = "#version 330 core\n";

core::Result<unsigned> compile(GLenum kind, std::string_view path) {
  const std::string source = kVersionLine + std::string(generated::embedded(path));
  const char* text = source.c_str();
  const unsigned shader = glCreateShader(kind);
  glShaderSource(shader, 1, &text, nullptr);
  glCompileShader(shader);
  GLint good = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &good);
  if (good != 0) return shader;
  char log[1024] = "";
  glGetShaderInfoLog(shader, sizeof log, nullptr, log);
  glDeleteShader(shader);
  return core::Error{core::ErrorCode::Unsupported, "the graphics driver refused " + std::string(path) + ": " + log +
                                                       " (OpenGL 3.3 is needed; try LIBGL_ALWAYS_SOFTWARE=1)"};
}

}  // namespace

core::Result<unsigned> make_program(std::string_view vertex_path, std::string_view fragment_path) {
  auto vertex = compile(GL_VERTEX_SHADER, vertex_path);
  if (!vertex) return vertex.error();
  auto fragment = compile(GL_FRAGMENT_SHADER, fragment_path);
  if (!fragment) {
    glDeleteShader(*vertex);
    return fragment.error();
  }
  const unsigned program = glCreateProgram();
  glAttachShader(program, *vertex);
  glAttachShader(program, *fragment);
  glLinkProgram(program);
  glDeleteShader(*vertex);
  glDeleteShader(*fragment);
  GLint good = 0;
  glGetProgramiv(program, GL_LINK_STATUS, &good);
  if (good != 0) return program;
  char log[1024] = "";
  glGetProgramInfoLog(program, sizeof log, nullptr, log);
  glDeleteProgram(program);
  return core::Error{core::ErrorCode::Unsupported,
                     "the graphics driver cannot link " + std::string(fragment_path) + ": " + log};
}

unsigned make_integer_texture() {
  unsigned texture = 0;
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  return texture;
}

void set_uniform(unsigned program, const char* name, const Rgb& colour) {
  glUniform3f(glGetUniformLocation(program, name), colour.r, colour.g, colour.b);
}
void set_uniform(unsigned program, const char* name, int value) {
  glUniform1i(glGetUniformLocation(program, name), value);
}
void set_uniform(unsigned program, const char* name, float value) {
  glUniform1f(glGetUniformLocation(program, name), value);
}

void DrawTarget::resize(int new_width, int new_height) {
  if (texture == 0) texture = make_integer_texture();
  if (new_width == width && new_height == height) return;
  width = new_width;
  height = new_height;
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
}

SavedGlState::SavedGlState() {
  glGetIntegerv(GL_FRAMEBUFFER_BINDING, &framebuffer_);
  glGetIntegerv(GL_VIEWPORT, viewport_);
  glGetIntegerv(GL_CURRENT_PROGRAM, &program_);
  glGetIntegerv(GL_VERTEX_ARRAY_BINDING, &vertex_array_);
  scissor_ = glIsEnabled(GL_SCISSOR_TEST) != 0;
  blend_ = glIsEnabled(GL_BLEND) != 0;
  glDisable(GL_SCISSOR_TEST);
  glDisable(GL_BLEND);
}

SavedGlState::~SavedGlState() {
  glBindFramebuffer(GL_FRAMEBUFFER, static_cast<unsigned>(framebuffer_));
  glViewport(viewport_[0], viewport_[1], viewport_[2], viewport_[3]);
  glUseProgram(static_cast<unsigned>(program_));
  glBindVertexArray(static_cast<unsigned>(vertex_array_));
  if (scissor_) glEnable(GL_SCISSOR_TEST);
  if (blend_) glEnable(GL_BLEND);
}

}  // namespace palloscope::gui
