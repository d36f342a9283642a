#include "gui/opening.h"

#include <utility>

namespace palloscope::gui {
namespace {

// What is common of the two: a reason, or what there is.
template <class T>
core::Result<Opening::Opened> either(core::Result<T> result) {
  if (!result) return result.error();
  return Opening::Opened(std::move(*result));
}

}  // namespace

Opening::Opening(std::filesystem::path path, OpeningUse use) : path_(std::move(path)), use_(use) {
  opened_ = std::async(std::launch::async, [this] {
    const auto told = [this](double done) {
      progress_ = done;
      return !cancelled_;
    };
    return use_ == OpeningUse::Compare ? either(base_of_file(path_, told)) : either(open_document(path_, told));
  });
}

Opening::~Opening() { cancelled_ = true; }  // the future's own end waits for the thread

}  // namespace palloscope::gui
