#include "gui/platform/gl_renderer.h"

#include <glad/gl.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>

#include <optional>
#include <string>

#include "gui/app.h"
#include "gui/gl/map_renderer.h"
#include "gui/gl/pool_renderer.h"
#include "gui/theme.h"

namespace palloscope::gui {

struct GlRenderer::Impl {
  App& app;
  std::optional<MapRenderer> map{};
  std::optional<PoolRenderer> pool{};

  explicit Impl(App& drawn) : app(drawn) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    app.set_map_surface(nullptr);
    app.set_pool_surface(nullptr);
    ImGui_ImplOpenGL3_Shutdown();
  }
};

GlRenderer::GlRenderer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GlRenderer::GlRenderer(GlRenderer&&) noexcept = default;
GlRenderer::~GlRenderer() = default;

core::Result<GlRenderer> GlRenderer::create(App& app) {
  if (!ImGui_ImplOpenGL3_Init("#version 330 core"))
    return core::Error{core::ErrorCode::Unsupported, "OpenGL: the window's renderer could not be made"};
  auto impl = std::make_unique<Impl>(app);
  core::Result<MapRenderer> map = MapRenderer::create();
  if (!map) return map.error();
  impl->map.emplace(std::move(*map));
  app.set_map_surface(&*impl->map);
  core::Result<PoolRenderer> pool = PoolRenderer::create();
  if (!pool) return pool.error();
  impl->pool.emplace(std::move(*pool));
  app.set_pool_surface(&*impl->pool);
  return GlRenderer(std::move(impl));
}

void GlRenderer::new_frame() { ImGui_ImplOpenGL3_NewFrame(); }

void GlRenderer::draw(const App& app, int width, int height) {
  const auto [r, g, b, a] = to_floats(theme_of(app.session().preferences.theme).ground);
  glViewport(0, 0, width, height);
  glClearColor(r, g, b, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

core::Status load_gl(GlFunction (*look_up)(const char*)) {
  const int version = gladLoadGL(look_up);
  const int major = GLAD_VERSION_MAJOR(version), minor = GLAD_VERSION_MINOR(version);
  if (version == 0 || major < 3 || (major == 3 && minor < 3))
    return core::Error{core::ErrorCode::Unsupported, "OpenGL 3.3 is needed; this machine offers " +
                                                         std::to_string(major) + "." + std::to_string(minor)};
  return core::Done{};
}

}  // namespace palloscope::gui
