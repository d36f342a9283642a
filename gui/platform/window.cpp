#include "gui/platform/window.h"

#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "gui/app.h"
#include "gui/platform/gl_renderer.h"
#include "gui/platform/system_font.h"
#include "gui/settings.h"

namespace palloscope::gui {
namespace {

// ImGui settles hovers, popups and focus over some frames after an input.
constexpr int kFramesAfterInput = 3;
constexpr double kFrameSeconds = 1.0 / 60;

core::Error glfw_failed(const std::string& what) {
  const char* why = nullptr;
  glfwGetError(&why);
  return {core::ErrorCode::Unsupported, what + (why != nullptr ? std::string(": ") + why : std::string())};
}

struct GlfwLibrary {
  bool is_up = glfwInit() == GLFW_TRUE;
  ~GlfwLibrary() {
    if (is_up) glfwTerminate();
  }
};

struct WindowCloser {
  void operator()(GLFWwindow* window) const { glfwDestroyWindow(window); }
};
using WindowHandle = std::unique_ptr<GLFWwindow, WindowCloser>;

// ImGui's GLFW backend, from after the callbacks are ours (it chains them) to before the window goes.
struct GlfwBackend {
  explicit GlfwBackend(GLFWwindow* window) { ImGui_ImplGlfw_InitForOpenGL(window, true); }
  ~GlfwBackend() { ImGui_ImplGlfw_Shutdown(); }
};

// What the callbacks reach through the window's user pointer.
struct Inbox {
  App& app;
  int frames_wanted = kFramesAfterInput;
};

Inbox& inbox(GLFWwindow* window) { return *static_cast<Inbox*>(glfwGetWindowUserPointer(window)); }
void wake(GLFWwindow* window) { inbox(window).frames_wanted = kFramesAfterInput; }

void install_callbacks(GLFWwindow* window) {
  glfwSetKeyCallback(window, [](GLFWwindow* w, int, int, int, int) { wake(w); });
  glfwSetCharCallback(window, [](GLFWwindow* w, unsigned) { wake(w); });
  glfwSetCursorPosCallback(window, [](GLFWwindow* w, double, double) { wake(w); });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int) { wake(w); });
  glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int, int, int) { wake(w); });
  glfwSetScrollCallback(window, [](GLFWwindow* w, double, double) { wake(w); });
  glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int) { wake(w); });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { wake(w); });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow* w) { wake(w); });
  glfwSetWindowContentScaleCallback(window, [](GLFWwindow* w, float, float) { wake(w); });
  glfwSetDropCallback(window, [](GLFWwindow* w, int count, const char** paths) {
    wake(w);
    if (count > 0) inbox(w).app.actions().push(OpenFile{paths[0]});
  });
}

// Where the window system counts in points (macOS), the framebuffer is larger and the text is not.
float monitor_scale(GLFWwindow* window) {
  float scale_x = 1, scale_y = 1;
  glfwGetWindowContentScale(window, &scale_x, &scale_y);
  int width = 0, height = 0, pixels_x = 0, pixels_y = 0;
  glfwGetWindowSize(window, &width, &height);
  glfwGetFramebufferSize(window, &pixels_x, &pixels_y);
  const float ratio = width > 0 ? static_cast<float>(pixels_x) / static_cast<float>(width) : 1;
  return std::clamp(scale_x / std::max(ratio, 0.1f), 0.5f, 4.0f);
}

// For tests of the real window: after each frame, what a person would see, as a line of JSON, replaced by a rename.
class StateFile {
 public:
  StateFile() {
    if (const char* path = std::getenv("PALLOSCOPE_STATE_FILE")) path_ = path;
  }
  void write(const App& app, int frames) {
    if (path_.empty()) return;
    const Session& session = app.session();
    const std::string fresh = path_ + ".new";
    {
      std::ofstream out(fresh);
      out << "{\"frames\":" << frames << ",\"open\":" << (session.document ? "true" : "false")
          << ",\"cursor\":" << session.cursor() << ",\"events\":" << session.event_count()
          << ",\"overlay\":" << static_cast<int>(session.overlay)
          << ",\"playing\":" << (session.playback.playing ? "true" : "false") << ",\"language\":\""
          << (session.preferences.language == Language::Chinese ? "zh" : "en") << "\",\"theme\":\""
          << (session.preferences.theme == ThemeChoice::Light ? "light" : "dark") << "\",\"em\":" << app.em()
          << ",\"message\":\"" << (session.message ? session.message->key : std::string()) << "\"}\n";
    }
    std::rename(fresh.c_str(), path_.c_str());
  }

 private:
  std::string path_;
};

void wait_for_events(const App& app, int frames_wanted, double frame_started) {
  const double wait = frames_wanted > 0 ? 0 : app.seconds_to_next_frame();
  if (wait < 0) {
    glfwWaitEvents();
    return;
  }
  // Vertical sync may not hold (virtual displays): never more than one frame in kFrameSeconds.
  const double left = std::max(wait, kFrameSeconds - (glfwGetTime() - frame_started));
  if (left > 0.001)
    glfwWaitEventsTimeout(left);
  else
    glfwPollEvents();
}

}  // namespace

core::Status run_window(const WindowOptions& options) {
  const GlfwLibrary library;
  if (!library.is_up) return glfw_failed("no window can be opened here");
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  glfwWindowHintString(GLFW_X11_CLASS_NAME, "palloscope");
  int width = 1440, height = 900;
  if (const char* size = std::getenv("PALLOSCOPE_WINDOW_SIZE")) std::sscanf(size, "%dx%d", &width, &height);
  const WindowHandle window(glfwCreateWindow(width, height, "Palloscope", nullptr, nullptr));
  if (window == nullptr) return glfw_failed("no window with OpenGL 3.3 can be opened");
  glfwSetWindowSizeLimits(window.get(), 480, 320, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window.get());
  glfwSwapInterval(1);
  if (const core::Status loaded = load_gl([](const char* name) { return glfwGetProcAddress(name); }); !loaded)
    return loaded.error();

  App app(system_chinese_font());
  const std::filesystem::path settings = settings_file();
  if (core::Result<Preferences> loaded = load_preferences(settings))
    app.session().preferences = std::move(*loaded);
  else
    app.session().message = Message{MessageKind::Notice, "message.bad_settings", loaded.error().message};
  Preferences saved = app.session().preferences;
  if (options.file) app.open_at_start(*options.file, options.at);
  if (!options.base.empty()) app.actions().push(OpenDiffBase{options.base});
  app.session().wake = [] { glfwPostEmptyEvent(); };
  if (options.attach) app.actions().push(AttachTo{*options.attach});
  if (!options.link.empty()) app.actions().push(OpenLink{options.link});

  Inbox callbacks{app};
  glfwSetWindowUserPointer(window.get(), &callbacks);
  install_callbacks(window.get());
  const GlfwBackend backend(window.get());
  core::Result<GlRenderer> renderer = GlRenderer::create(app);
  if (!renderer) return renderer.error();

  StateFile state_file;
  std::string title;
  int frames = 0;
  while (glfwWindowShouldClose(window.get()) == GLFW_FALSE && !app.session().quit) {
    const double started = glfwGetTime();
    app.set_monitor_scale(monitor_scale(window.get()));
    renderer->new_frame();
    ImGui_ImplGlfw_NewFrame();
    app.frame();
    int pixels_x = 0, pixels_y = 0;
    glfwGetFramebufferSize(window.get(), &pixels_x, &pixels_y);
    renderer->draw(app, pixels_x, pixels_y);
    glfwSwapBuffers(window.get());
    if (callbacks.frames_wanted > 0) --callbacks.frames_wanted;
    state_file.write(app, ++frames);

    const std::string& document = app.session().title();
    const std::string wanted = document.empty() ? std::string("Palloscope") : document + " · Palloscope";
    if (wanted != title) glfwSetWindowTitle(window.get(), (title = wanted).c_str());
    // Not while a wall is dragged: its position changes every frame.
    if (app.session().preferences != saved && !ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
      saved = app.session().preferences;
      if (const core::Status written = save_preferences(settings, saved); !written)
        app.session().message = Message{MessageKind::Notice, "message.settings_not_saved", written.error().message};
    }
    wait_for_events(app, callbacks.frames_wanted, started);
  }
  return core::Done{};
}

}  // namespace palloscope::gui
