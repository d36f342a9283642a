// The mistakes that show only in how a script goes on: a switch of the current context that a function left behind, and
// variables that still point into what a reset took. Both rules keep silent where there is no danger.
#include <string_view>

#include "core/mcxt/fault_watch.h"
#include "core/scenario/host.h"
#include "core/scenario/lua.h"

namespace palloscope::core {

EventNumber Host::born_of(Address context) const {
  auto found = contexts_.find(context);
  return found == contexts_.end() ? 0 : context_slots_[found->second.value].born;
}

// The rule of the forgotten switch: a function that returns with another CurrentMemoryContext than it found leaves a
// debt, which is told when it is used: at the first palloc with no switch in between, because there memory goes where
// its owner does not expect it. No debt arises where the function could not do otherwise, or says what it does: the
// context it found is gone, it made the present one itself (as a transaction's start does), or it answers the one that
// it found, as MemoryContextSwitchTo does. The blocks of PG_TRY are no functions, nor is a script or console line; a
// library's functions are PostgreSQL's own, and leave the context that they leave in a server.
void Host::follow(lua_State* L, lua_Debug* event) {
  if ((L != script && L != console) || !process_ || event->event == LUA_HOOKTAILCALL) return;
  Address current = process_->current_memory_context();
  if (event->event == LUA_HOOKCALL) return frames(L).called({current, born_of(current), events_, event->i_ci});
  CallFrames::Frame frame = frames(L).returned();
  if (frame.found == current || frame.block || frames(L).empty() || switch_owed_ != 0) return;
  if (frame.found_born == 0 || born_of(frame.found) != frame.found_born) return;
  if (born_of(current) > frame.began || last_switch_ <= frame.began) return;
  std::string_view source = source_of(L, event);
  if ((source == chunk_name_ || source == kConsoleChunk) && !answers(L, event, frame.found))
    switch_owed_ = last_switch_;
}

void Host::note_palloc(lua_State* L) {
  if (switch_owed_ == 0 || (L != script && L != console)) return;
  enter(L);
  if (!attempt([&] {
        Address current = process_->current_memory_context();
        FaultFound fault;
        fault.kind = FaultKind::SwitchForgotten;
        fault.at = current;
        fault.context = process_->names().context(current);
        fault.born = switch_owed_;
        switch_owed_ = 0;
        process_->announce(fault);
      }))
    raise(L);
}

// The functions that are active go on behind the line at which they stand; the first that mentions the variable
// decides.
bool Host::will_be_read(lua_State* L, std::string_view name) const {
  lua_Debug frame;
  for (int level = 0; lua_getstack(L, level, &frame); ++level) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0 || chunk_name_ != frame.source) continue;
    auto last = frame.what[0] == 'm' ? ~std::uint32_t{0} : static_cast<std::uint32_t>(frame.lastlinedefined);
    VariableUses::Next next = uses_.next(name, static_cast<std::uint32_t>(frame.currentline), last);
    if (next != VariableUses::Next::None) return next == VariableUses::Next::Read;
  }
  return false;
}

// Variables that point into what a reset took are everywhere, since a script has no reason to forget them: only one
// that the text still reads before setting it is a danger. In a loop or another function it may yet be read: that use
// will be told when it happens.
void Host::tell_dangling_variables(lua_State* L, EventNumber before) {
  if (pointers_.empty()) return;
  attempt([&] {
    for (const auto& [name, value] : pointers_) {
      const ShadowLife* life = process_->watch()->life(value.born);
      if (!life || life->ended <= before || life->end == ShadowLife::End::Freed || life->live()) continue;
      if (will_be_read(L, name)) process_->watch()->report(FaultKind::ResetLivePointers, value.at, 0, life);
    }
  });
}

}  // namespace palloscope::core
