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

void Opening::start(std::function<core::Result<Opened>(const Progress&)> open) {
  opened_ = std::async(std::launch::async, [this, open = std::move(open)] {
    return open([this](double done) {
      progress_ = done;
      return !cancelled_;
    });
  });
}

Opening::Opening(std::filesystem::path path, OpeningUse use)
    : name_(path.filename().string()), refused_("message.cannot_open"), use_(use) {
  start([path = std::move(path), use](const Progress& told) {
    return use == OpeningUse::Compare ? either(base_of_file(path, told)) : either(open_document(path, told));
  });
}

Opening::Opening(std::string name, std::string_view refused,
                 std::function<core::Result<Document>(const Progress&)> open)
    : name_(std::move(name)), refused_(refused), use_(OpeningUse::Show) {
  start([open = std::move(open)](const Progress& told) { return either(open(told)); });
}

Opening::~Opening() { cancelled_ = true; }  // the future's own end waits for the thread

}  // namespace palloscope::gui
