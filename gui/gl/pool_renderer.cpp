#include "gui/gl/pool_renderer.h"

#include <glad/gl.h>

#include <utility>

namespace palloscope::gui {

core::Result<PoolRenderer> PoolRenderer::create() {
  auto program = make_program("shaders/block_map.vert", "shaders/pool_grid.frag");
  if (!program) return program.error();
  PoolRenderer renderer;
  renderer.program_ = *program;
  glGenVertexArrays(1, &renderer.vertex_array_);
  glGenFramebuffers(1, &renderer.framebuffer_);
  renderer.texels_ = make_integer_texture();
  return renderer;
}

PoolRenderer::PoolRenderer(PoolRenderer&& other) noexcept
    : program_(std::exchange(other.program_, 0)),
      vertex_array_(std::exchange(other.vertex_array_, 0)),
      framebuffer_(std::exchange(other.framebuffer_, 0)),
      texels_(std::exchange(other.texels_, 0)),
      target_(std::exchange(other.target_, {})) {}

PoolRenderer::~PoolRenderer() {
  if (program_ == 0) return;
  glDeleteProgram(program_);
  glDeleteVertexArrays(1, &vertex_array_);
  glDeleteFramebuffers(1, &framebuffer_);
  for (const unsigned texture : {texels_, target_.texture})
    if (texture != 0) glDeleteTextures(1, &texture);
}

std::uint64_t PoolRenderer::draw_pool(const PoolImage& image, const PoolColours& colours) {
  if (image.columns <= 0 || image.rows <= 0 || image.pitch_px <= 0) return 0;
  const int width = image.columns * image.pitch_px, height = image.rows * image.pitch_px;
  const SavedGlState saved;
  target_.resize(width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target_.texture, 0);

  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, texels_);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RG32UI, image.columns, image.rows, 0, GL_RG_INTEGER, GL_UNSIGNED_INT,
               image.texels.data());

  glUseProgram(program_);
  set_uniform(program_, "texels", 0);
  set_uniform(program_, "pitch", image.pitch_px);
  set_uniform(program_, "by_state", image.by_state ? 1 : 0);
  set_uniform(program_, "ground", colours.ground);
  set_uniform(program_, "ink", colours.ink);
  glUniform3fv(glGetUniformLocation(program_, "tints"), kPoolTintCount, &colours.tints[0].r);
  glBindVertexArray(vertex_array_);
  glViewport(0, 0, width, height);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  return target_.texture;
}

}  // namespace palloscope::gui
