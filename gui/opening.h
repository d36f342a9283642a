// Opening: a file that is read by a thread of its own, while the window goes on with what it shows. It takes the place
// of what is open, or is what that is compared with.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.h"
#include "gui/document.h"

namespace palloscope::gui {

enum class OpeningUse : std::uint8_t { Show, Compare };

class Opening {
 public:
  using Opened = std::variant<Document, DiffBase>;
  // Told how far it is (0..1); false: stop.
  using Progress = std::function<bool(double)>;

  explicit Opening(std::filesystem::path path, OpeningUse use = OpeningUse::Show);
  // Anything else that takes a while to open: `open` is called by the thread. `refused`: the key of what is said where
  // that fails.
  Opening(std::string name, std::string_view refused, std::function<core::Result<Document>(const Progress&)> open);
  ~Opening();  // cancels; waits until the thread has noticed

  const std::string& name() const { return name_; }            // of a file its last part
  const std::string& refused_key() const { return refused_; }  // string table
  OpeningUse use() const { return use_; }
  double progress() const { return progress_; }  // 0..1; stays 0 for a trace, whose events are not read to open it
  bool is_done() const { return wait_for({}); }
  bool wait_for(std::chrono::milliseconds most) const { return opened_.wait_for(most) == std::future_status::ready; }
  // Once; waits until all is read. A DiffBase if that was the use.
  core::Result<Opened> take() { return opened_.get(); }

 private:
  void start(std::function<core::Result<Opened>(const Progress&)> open);

  std::string name_, refused_;
  OpeningUse use_;
  std::atomic<double> progress_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::future<core::Result<Opened>> opened_;
};

}  // namespace palloscope::gui
