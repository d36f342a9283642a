// Opening: a file that is read by a thread of its own, while the window goes on with what it shows. It takes the place
// of what is open, or is what that is compared with.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <variant>

#include "core/base/result.h"
#include "gui/document.h"

namespace palloscope::gui {

enum class OpeningUse : std::uint8_t { Show, Compare };

class Opening {
 public:
  explicit Opening(std::filesystem::path path, OpeningUse use = OpeningUse::Show);
  ~Opening();  // cancels; waits until the thread has noticed

  const std::filesystem::path& path() const { return path_; }
  OpeningUse use() const { return use_; }
  double progress() const { return progress_; }  // 0..1; stays 0 for a trace, whose events are not read to open it
  bool is_done() const { return wait_for({}); }
  bool wait_for(std::chrono::milliseconds most) const { return opened_.wait_for(most) == std::future_status::ready; }
  // Once; waits until all is read. A DiffBase if that was the use.
  using Opened = std::variant<Document, DiffBase>;
  core::Result<Opened> take() { return opened_.get(); }

 private:
  std::filesystem::path path_;
  OpeningUse use_;
  std::atomic<double> progress_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::future<core::Result<Opened>> opened_;
};

}  // namespace palloscope::gui
