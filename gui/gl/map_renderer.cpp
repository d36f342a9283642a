#include "gui/gl/map_renderer.h"

#include <glad/gl.h>

#include <string>
#include <utility>

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

unsigned integer_texture() {
  unsigned texture = 0;
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  return texture;
}

void set(unsigned program, const char* name, const Rgb& colour) {
  glUniform3f(glGetUniformLocation(program, name), colour.r, colour.g, colour.b);
}

// The caller draws ImGui with its own state; whatever is changed here is put back.
class SavedState {
 public:
  SavedState() {
    glGetIntegerv(GL_FRAMEBUFFER_BINDING, &framebuffer_);
    glGetIntegerv(GL_VIEWPORT, viewport_);
    glGetIntegerv(GL_CURRENT_PROGRAM, &program_);
    glGetIntegerv(GL_VERTEX_ARRAY_BINDING, &vertex_array_);
    scissor_ = glIsEnabled(GL_SCISSOR_TEST) != 0;
    blend_ = glIsEnabled(GL_BLEND) != 0;
    glDisable(GL_SCISSOR_TEST);
    glDisable(GL_BLEND);
  }
  SavedState(const SavedState&) = delete;
  SavedState& operator=(const SavedState&) = delete;
  ~SavedState() {
    glBindFramebuffer(GL_FRAMEBUFFER, static_cast<unsigned>(framebuffer_));
    glViewport(viewport_[0], viewport_[1], viewport_[2], viewport_[3]);
    glUseProgram(static_cast<unsigned>(program_));
    glBindVertexArray(static_cast<unsigned>(vertex_array_));
    if (scissor_) glEnable(GL_SCISSOR_TEST);
    if (blend_) glEnable(GL_BLEND);
  }

 private:
  GLint framebuffer_ = 0, viewport_[4] = {}, program_ = 0, vertex_array_ = 0;
  bool scissor_ = false, blend_ = false;
};

}  // namespace

core::Result<MapRenderer> MapRenderer::create() {
  auto vertex = compile(GL_VERTEX_SHADER, "shaders/block_map.vert");
  if (!vertex) return vertex.error();
  auto fragment = compile(GL_FRAGMENT_SHADER, "shaders/block_map.frag");
  if (!fragment) {
    glDeleteShader(*vertex);
    return fragment.error();
  }
  MapRenderer renderer;
  renderer.program_ = glCreateProgram();
  glAttachShader(renderer.program_, *vertex);
  glAttachShader(renderer.program_, *fragment);
  glLinkProgram(renderer.program_);
  glDeleteShader(*vertex);
  glDeleteShader(*fragment);
  GLint good = 0;
  glGetProgramiv(renderer.program_, GL_LINK_STATUS, &good);
  if (good == 0) {
    char log[1024] = "";
    glGetProgramInfoLog(renderer.program_, sizeof log, nullptr, log);
    return core::Error{core::ErrorCode::Unsupported,
                       std::string("the graphics driver cannot link the map's shader: ") + log};
  }
  glGenVertexArrays(1, &renderer.vertex_array_);
  glGenFramebuffers(1, &renderer.framebuffer_);
  renderer.texels_ = integer_texture();
  renderer.lines_ = integer_texture();
  return renderer;
}

MapRenderer::MapRenderer(MapRenderer&& other) noexcept
    : program_(std::exchange(other.program_, 0)),
      vertex_array_(std::exchange(other.vertex_array_, 0)),
      framebuffer_(std::exchange(other.framebuffer_, 0)),
      texels_(std::exchange(other.texels_, 0)),
      lines_(std::exchange(other.lines_, 0)),
      targets_(std::exchange(other.targets_, {})) {}

MapRenderer::~MapRenderer() {
  if (program_ == 0) return;
  glDeleteProgram(program_);
  glDeleteVertexArrays(1, &vertex_array_);
  glDeleteFramebuffers(1, &framebuffer_);
  for (unsigned texture : {texels_, lines_}) glDeleteTextures(1, &texture);
  for (const Target& target : targets_)
    if (target.texture != 0) glDeleteTextures(1, &target.texture);
}

void MapRenderer::resize_target(Target& target, int width, int height) {
  if (target.texture == 0) target.texture = integer_texture();
  if (width == target.width && height == target.height) return;
  target.width = width;
  target.height = height;
  glBindTexture(GL_TEXTURE_2D, target.texture);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
}

std::uint64_t MapRenderer::draw(const MapImage& image, const MapColours& colours, int picture) {
  const int height = static_cast<int>(image.lines.size());
  if (image.width <= 0 || height <= 0 || picture < 0 || picture >= kPictures) return 0;
  SavedState saved;
  Target& target = targets_[static_cast<std::size_t>(picture)];
  resize_target(target, image.width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target.texture, 0);

  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  const MapTexel nothing;
  const bool empty = image.rows == 0;
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, lines_);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RG16I, 1, height, 0, GL_RG_INTEGER, GL_SHORT, image.lines.data());
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, texels_);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RG32UI, empty ? 1 : image.width, empty ? 1 : image.rows, 0, GL_RG_INTEGER,
               GL_UNSIGNED_INT, empty ? &nothing : image.texels.data());

  glUseProgram(program_);
  glUniform1i(glGetUniformLocation(program_, "texels"), 0);
  glUniform1i(glGetUniformLocation(program_, "lines"), 1);
  glUniform1i(glGetUniformLocation(program_, "row_height"), image.row_height);
  glUniform1f(glGetUniformLocation(program_, "scale"), colours.scale);
  set(program_, "ground", colours.ground);
  set(program_, "ink", colours.ink);
  set(program_, "header", colours.header);
  set(program_, "changed_new", colours.changed_new);
  set(program_, "changed_freed", colours.changed_freed);
  set(program_, "selection", colours.selection);
  glUniform3fv(glGetUniformLocation(program_, "tints"), kMapTintCount, &colours.tints[0].r);
  glBindVertexArray(vertex_array_);
  glViewport(0, 0, image.width, height);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  return target.texture;
}

}  // namespace palloscope::gui
