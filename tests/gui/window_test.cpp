// The real window under Xvfb, driven by xdotool. Left out, with words, where either is missing.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;

bool has_program(const char* name) {
  const char* path = std::getenv("PATH");
  for (std::string rest = path != nullptr ? path : ""; !rest.empty();) {
    const std::size_t end = rest.find(':');
    if (access((rest.substr(0, end) + "/" + name).c_str(), X_OK) == 0) return true;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return false;
}

// A child that ends with us.
class Child {
 public:
  Child(const std::vector<std::string>& command, const std::vector<std::pair<std::string, std::string>>& variables,
        int passed_fd = -1) {
    pid_ = fork();
    if (pid_ != 0) return;
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(nothing, 1);
    dup2(nothing, 2);
    if (passed_fd >= 0) dup2(passed_fd, 3);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0 || ended_) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  bool is_running() {
    if (!ended_ && waitpid(pid_, nullptr, WNOHANG) == pid_) ended_ = true;
    return !ended_;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
};

// A display of our own; its number comes through a pipe, so that no number can collide.
class Display {
 public:
  Display() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    server_.emplace(std::vector<std::string>{"Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten",
                                             "tcp", "-noreset"},
                    std::vector<std::pair<std::string, std::string>>{}, ends[1]);
    close(ends[1]);
    // Number and newline come in two writes; a pipe closed between them would end the server.
    std::string line;
    pollfd ready{ends[0], POLLIN, 0};
    while (line.find('\n') == std::string::npos && poll(&ready, 1, 30'000) == 1) {
      char digit = 0;
      if (read(ends[0], &digit, 1) != 1) break;
      line += digit;
    }
    if (!line.empty()) name_ = ":" + std::to_string(std::atoi(line.c_str()));
    close(ends[0]);
  }
  const std::string& name() const { return name_; }

 private:
  std::optional<Child> server_;
  std::string name_;
};

class Window {
 public:
  explicit Window(const std::vector<std::string>& arguments) {
    folder_ = fs::temp_directory_path() / ("palloscope_window_test_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::vector<std::string> command{PALLOSCOPE_PROGRAM};
    command.insert(command.end(), arguments.begin(), arguments.end());
    program_.emplace(command, std::vector<std::pair<std::string, std::string>>{
                                  {"DISPLAY", display_.name()},
                                  {"XDG_CONFIG_HOME", folder_.string()},
                                  {"LC_ALL", "C"},
                                  {"WAYLAND_DISPLAY", ""},
                                  {"PALLOSCOPE_WINDOW_SIZE", "800x600"},
                                  {"PALLOSCOPE_STATE_FILE", (folder_ / "state").string()}});
  }
  ~Window() {
    program_.reset();
    fs::remove_all(folder_);
  }

  nlohmann::json state() const {
    std::ifstream in(folder_ / "state");
    return nlohmann::json::parse(in, nullptr, false);
  }
  // Until the program says so, or patience ends.
  bool wait_until(const std::function<bool(const nlohmann::json&)>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline && program_->is_running()) {
      const nlohmann::json now = state();
      if (now.is_object() && holds(now)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  void xdotool(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "xdotool");
    REQUIRE(Child(arguments, {{"DISPLAY", display_.name()}}).wait() == 0);
  }
  void focus() {
    xdotool({"search", "--sync", "--onlyvisible", "--pid", std::to_string(program_->pid()), "windowfocus"});
  }
  Child& program() { return *program_; }

 private:
  Display display_;
  fs::path folder_;
  std::optional<Child> program_;
};

bool can_run() {
  if (has_program("Xvfb") && has_program("xdotool")) return true;
  WARN("the real window was not tested: Xvfb or xdotool is missing (apt-get install xvfb xdotool)");
  return false;
}

}  // namespace

TEST_CASE("the real window opens, takes keys and clicks, and closes") {
  if (!can_run()) return;
  Window window({});
  REQUIRE(window.wait_until([](const auto& state) { return state["frames"] > 0 && !state["open"]; }));
  window.focus();

  window.xdotool({"key", "t"});
  REQUIRE(window.wait_until([](const auto& state) { return state["theme"] == "light"; }));
  window.xdotool({"key", "l"});
  REQUIRE(window.wait_until([](const auto& state) { return state["language"] == "zh"; }));

  // Modifiers are held by hand: "key ctrl+k" may let go within one frame.
  window.xdotool({"keydown", "ctrl", "key", "k", "keyup", "ctrl"});
  REQUIRE(window.wait_until([](const auto& state) { return state["overlay"] != 0; }));
  window.xdotool({"key", "Escape"});
  REQUIRE(window.wait_until([](const auto& state) { return state["overlay"] == 0; }));

  window.xdotool({"keydown", "ctrl", "key", "q", "keyup", "ctrl"});
  REQUIRE(window.program().wait() == 0);
}

TEST_CASE("an idle window draws no frames, and one key draws a few") {
  if (!can_run()) return;
  Window window({});
  REQUIRE(window.wait_until([](const auto& state) { return state["frames"] > 0; }));
  window.focus();
  // Settled: two looks at the counter, some time apart, agree.
  int before = -1;
  REQUIRE(window.wait_until([&](const auto& state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const int frames = state["frames"];
    const bool settled = frames == before && frames == window.state()["frames"];
    before = frames;
    return settled;
  }));
  window.xdotool({"key", "t"});
  REQUIRE(window.wait_until([](const auto& state) { return state["theme"] == "light"; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  REQUIRE(window.state()["frames"] < before + 40);
}

TEST_CASE("a bad file given to the real window leaves a message and the window") {
  if (!can_run()) return;
  const fs::path bad = fs::temp_directory_path() / "palloscope_bad_file.pscope";
  std::ofstream(bad) << "this is no trace";
  Window window({bad.string()});
  REQUIRE(window.wait_until([](const auto& state) { return state["message"] == "message.cannot_open"; }));
  REQUIRE(window.program().is_running());
  fs::remove(bad);
}
