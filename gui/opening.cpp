#include "gui/opening.h"

#include <utility>

namespace palloscope::gui {

Opening::Opening(std::filesystem::path path) : path_(std::move(path)) {
  opened_ = std::async(std::launch::async, [this] {
    return open_document(path_, [this](double done) {
      progress_ = done;
      return !cancelled_;
    });
  });
}

Opening::~Opening() { cancelled_ = true; }  // the future's own end waits for the thread

}  // namespace palloscope::gui
