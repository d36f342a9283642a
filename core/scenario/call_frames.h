// CallFrames: the functions that are active in one thread of a script, each with the current context that it found.
// Fed by the call hook; host_faults.cpp judges what a returning one leaves behind.
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/ids.h"

struct lua_State;
struct lua_Debug;

namespace palloscope::core {

class CallFrames {
 public:
  struct Frame {
    Address found;               // CurrentMemoryContext at the beginning
    EventNumber found_born = 0;  // addresses are used again: its creation tells which context it was
    EventNumber began = 0;
    const void* activation = nullptr;  // Lua's own record of it
    bool block = false;                // not a function of its own: what stands between PG_TRY and PG_CATCH
  };

  // A tail call is none: the frame is the new function's from then on, the promise the old one's.
  // A function that is paused at its very beginning is announced again when it goes on.
  void called(Frame frame) {
    if (!frames_.empty() && frames_.back().activation == frame.activation) return;
    frame.block = block_follows_;
    block_follows_ = false;
    frames_.push_back(frame);
  }
  Frame returned() {
    Frame frame = frames_.empty() ? Frame{} : frames_.back();
    if (!frames_.empty()) frames_.pop_back();
    return frame;
  }
  bool empty() const { return frames_.empty(); }
  void clear() { frames_.clear(); }
  void block_follows() { block_follows_ = true; }
  // Where an error was caught: what was active above is gone without having returned.
  std::size_t depth() const { return frames_.size(); }
  void unwind(std::size_t depth) {
    block_follows_ = false;
    if (depth < frames_.size()) frames_.resize(depth);
  }

 private:
  std::vector<Frame> frames_;
  bool block_follows_ = false;
};

// Of the function that is about to return, in its return hook: the text it is written in ("=[C]" for C's), and whether
// it answers this address.
const char* source_of(lua_State* L, lua_Debug* event);
bool answers(lua_State* L, lua_Debug* event, Address at);

}  // namespace palloscope::core
