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

bool Progress::is_time() {
  if (!io_.err_is_terminal) return false;
  const Clock::time_point now = Clock::now();
  if (now < next_) return false;
  next_ = now + std::chrono::milliseconds(100);
  shown_ = true;
  io_.err << kWipe << "palloscope " << verb_ << ": ";
  return true;
}

void Progress::tell(std::string_view doing, std::uint64_t done, std::uint64_t of) {
  if (!is_time()) return;
  const double share = of == 0 ? 0 : static_cast<double>(done) / static_cast<double>(of);
  io_.err << doing << (of == 0 ? "" : fmt::format(": {} of {} ({:.0f} %)", done, of, share * 100)) << std::flush;
}

void Progress::tell(std::string_view doing, double share) {
  if (is_time()) io_.err << fmt::format("{}: {:.0f} %", doing, share * 100) << std::flush;
}

}  // namespace palloscope::gui::cli
