#include "gui/gl/map_renderer.h"

#include <glad/gl.h>

#include <utility>

namespace palloscope::gui {

core::Result<MapRenderer> MapRenderer::create() {
  auto program = make_program("shaders/block_map.vert", "shaders/block_map.frag");
  if (!program) return program.error();
  MapRenderer renderer;
  renderer.program_ = *program;
  glGenVertexArrays(1, &renderer.vertex_array_);
  glGenFramebuffers(1, &renderer.framebuffer_);
  renderer.texels_ = make_integer_texture();
  renderer.lines_ = make_integer_texture();
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
  for (const DrawTarget& target : targets_)
    if (target.texture != 0) glDeleteTextures(1, &target.texture);
}

std::uint64_t MapRenderer::draw(const MapImage& image, const MapColours& colours, int picture) {
  const int height = static_cast<int>(image.lines.size());
  if (image.width <= 0 || height <= 0 || picture < 0 || picture >= kPictures) return 0;
  const SavedGlState saved;
  DrawTarget& target = targets_[static_cast<std::size_t>(picture)];
  target.resize(image.width, height);
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
  set_uniform(program_, "texels", 0);
  set_uniform(program_, "lines", 1);
  set_uniform(program_, "row_height", image.row_height);
  set_uniform(program_, "scale", colours.scale);
  set_uniform(program_, "ground", colours.ground);
  set_uniform(program_, "ink", colours.ink);
  set_uniform(program_, "header", colours.header);
  set_uniform(program_, "changed_new", colours.changed_new);
  set_uniform(program_, "changed_freed", colours.changed_freed);
  set_uniform(program_, "selection", colours.selection);
  glUniform3fv(glGetUniformLocation(program_, "tints"), kMapTintCount, &colours.tints[0].r);
  glBindVertexArray(vertex_array_);
  glViewport(0, 0, image.width, height);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  return target.texture;
}

}  // namespace palloscope::gui
