#include "gui/cli/progress.h"

#include <fmt/format.h>

#include <ostream>

namespace palloscope::gui::cli {
namespace {

constexpr std::string_view kWipe = "\r\033[K";  // to the line's beginning, and clear it

}  // namespace

Progress::~Progress() {
  if (shown_) io_.err << kWipe << std::flush;
}

void Progress::tell(std::string_view doing, std::uint64_t done, std::uint64_t of) {
  if (!io_.err_is_terminal) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  shown_ = true;
  io_.err << kWipe << "palloscope " << verb_ << ": " << doing;
  if (of != 0)
    io_.err << fmt::format(": {} of {} ({} %)", done, of,
                           static_cast<int>(static_cast<double>(done) * 100 / static_cast<double>(of)));
  io_.err << std::flush;
}

}  // namespace palloscope::gui::cli
