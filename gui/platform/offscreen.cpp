#include "gui/platform/offscreen.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#define GLFW_INCLUDE_NONE  // OpenGL comes from glad
#include <GLFW/glfw3.h>
#include <dlfcn.h>
#include <glad/gl.h>
#include <imgui.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "gui/app.h"
#include "gui/platform/gl_renderer.h"

namespace palloscope::gui {
namespace {

// An OpenGL 3.3 core context that is current from its making to its end.
class Context {
 public:
  Context() = default;
  Context(Context&& other) noexcept
      : display_(std::exchange(other.display_, EGL_NO_DISPLAY)),
        context_(std::exchange(other.context_, EGL_NO_CONTEXT)),
        window_(std::exchange(other.window_, nullptr)) {}
  Context& operator=(Context&&) = delete;
  ~Context() {
    if (context_ != EGL_NO_CONTEXT) {
      eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
      eglDestroyContext(display_, context_);
    }
    if (display_ != EGL_NO_DISPLAY) eglTerminate(display_);
    if (window_ != nullptr) {
      glfwDestroyWindow(window_);
      glfwTerminate();
    }
  }

  static std::optional<Context> without_surface() {
    Context made;
    const auto get_display =
        reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (get_display == nullptr) return std::nullopt;
    made.display_ = get_display(EGL_PLATFORM_SURFACELESS_MESA, nullptr, nullptr);
    if (made.display_ == EGL_NO_DISPLAY) return std::nullopt;
    if (eglInitialize(made.display_, nullptr, nullptr) == EGL_FALSE) {
      made.display_ = EGL_NO_DISPLAY;
      return std::nullopt;
    }
    if (eglBindAPI(EGL_OPENGL_API) == EGL_FALSE) return std::nullopt;
    constexpr EGLint kConfig[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (eglChooseConfig(made.display_, kConfig, &config, 1, &count) == EGL_FALSE || count == 0) return std::nullopt;
    constexpr EGLint kVersion[] = {
        EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    made.context_ = eglCreateContext(made.display_, config, EGL_NO_CONTEXT, kVersion);
    if (made.context_ == EGL_NO_CONTEXT) return std::nullopt;
    if (eglMakeCurrent(made.display_, EGL_NO_SURFACE, EGL_NO_SURFACE, made.context_) == EGL_FALSE) return std::nullopt;
    return made;
  }

  static std::optional<Context> with_hidden_window() {
    if (glfwInit() == GLFW_FALSE) return std::nullopt;
    glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    Context made;
    made.window_ = glfwCreateWindow(16, 16, "palloscope", nullptr, nullptr);
    if (made.window_ == nullptr) {
      glfwTerminate();
      return std::nullopt;
    }
    glfwMakeContextCurrent(made.window_);
    return made;
  }

  core::Status load() const {
    if (window_ != nullptr) return load_gl([](const char* name) { return glfwGetProcAddress(name); });
    return load_gl([](const char* name) { return eglGetProcAddress(name); });
  }

 private:
  EGLDisplay display_ = EGL_NO_DISPLAY;
  EGLContext context_ = EGL_NO_CONTEXT;
  GLFWwindow* window_ = nullptr;
};

// What is drawn into, since there is no window.
class Target {
 public:
  Target(int width, int height) {
    glGenFramebuffers(1, &framebuffer_);
    glGenRenderbuffers(1, &color_);
    glBindRenderbuffer(GL_RENDERBUFFER, color_);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width, height);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, color_);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    glDeleteFramebuffers(1, &framebuffer_);
    glDeleteRenderbuffers(1, &color_);
  }
  bool is_complete() const {
    bind();
    return glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
  }
  void bind() const { glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_); }

 private:
  GLuint framebuffer_ = 0, color_ = 0;
};

Picture read_framebuffer(int width, int height) {
  const auto row = static_cast<std::size_t>(width) * 4;
  std::vector<std::uint8_t> flipped(row * static_cast<std::size_t>(height));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, flipped.data());
  Picture picture{width, height, {}};
  picture.rgba.resize(flipped.size());
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
    std::copy_n(flipped.data() + (static_cast<std::size_t>(height) - 1 - y) * row, row, picture.rgba.data() + y * row);
  for (std::size_t i = 3; i < picture.rgba.size(); i += 4) picture.rgba[i] = 255;
  return picture;
}

}  // namespace

struct Offscreen::Impl {
  App& app;
  int width, height;
  Context context;  // outlives what is made in it
  std::unique_ptr<Target> target;
  std::unique_ptr<GlRenderer> renderer;
};

Offscreen::Offscreen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Offscreen::Offscreen(Offscreen&&) noexcept = default;
Offscreen::~Offscreen() = default;

core::Result<Offscreen> Offscreen::create(App& app, int width, int height) {
  // ImGui's loader closes this library with its renderer but goes on using its addresses in the next one.
  dlopen("libOpenGL.so.0", RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
  std::optional<Context> context = Context::without_surface();
  if (!context)
    if (std::optional<Context> hidden = Context::with_hidden_window()) context.emplace(std::move(*hidden));
  if (!context)
    return core::Error{core::ErrorCode::Unsupported,
                       "no OpenGL: neither EGL without a display nor a window could be had (Debian: libgl1-mesa-dri)"};
  if (const core::Status loaded = context->load(); !loaded) return loaded.error();
  auto impl = std::make_unique<Impl>(Impl{app, width, height, std::move(*context), nullptr, nullptr});
  impl->target = std::make_unique<Target>(width, height);
  if (!impl->target->is_complete())
    return core::Error{core::ErrorCode::Unsupported, "OpenGL: no picture of this size can be drawn"};
  core::Result<GlRenderer> renderer = GlRenderer::create(app);
  if (!renderer) return renderer.error();
  impl->renderer = std::make_unique<GlRenderer>(std::move(*renderer));
  return Offscreen(std::move(impl));
}

Picture Offscreen::render(int frames, float seconds) {
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = {static_cast<float>(impl_->width), static_cast<float>(impl_->height)};
  io.DeltaTime = seconds;
  for (int i = 0; i < frames; ++i) {
    impl_->renderer->new_frame();
    impl_->target->bind();
    impl_->app.frame();
    impl_->target->bind();  // the map draws into a target of its own
    impl_->renderer->draw(impl_->app, impl_->width, impl_->height);
  }
  glFinish();
  return read_framebuffer(impl_->width, impl_->height);
}

Picture render_settled(Offscreen& offscreen, const App& app, int most) {
  offscreen.render(3);
  for (int i = 0; i < most && app.wants_frame(); ++i) offscreen.render(1);
  return offscreen.render(1);
}

}  // namespace palloscope::gui
