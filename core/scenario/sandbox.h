// Sandbox: a Lua state that can reach nothing but itself. Base (without files and binary code), string, table, math,
// utf8 and coroutine; memory is bounded; what would differ from run to run (hash order, addresses of Lua's own objects,
// random seeds) is made repeatable, and library calls that could run for ages inside C are bounded.
#pragma once

#include <cstdint>

struct lua_State;

namespace palloscope::core {

class LuaSandbox {
 public:
  // `owner` is what owner_of answers for this state and all its coroutines.
  LuaSandbox(std::uint64_t memory_limit_bytes, void* owner);
  ~LuaSandbox();
  LuaSandbox(const LuaSandbox&) = delete;
  LuaSandbox& operator=(const LuaSandbox&) = delete;

  lua_State* state() const { return state_; }
  bool out_of_memory() const { return memory_.refused; }  // the limit was met since the last call of forgive()
  void forgive() { memory_.refused = false; }
  // Some memory beyond the limit, for what the host itself does in a state that a script has filled to the brim.
  void open_reserve(bool open);

 private:
  struct Memory {
    std::uint64_t used = 0, limit = 0, reserve = 0;
    bool refused = false;
  };
  static void* allocate(void* memory, void* block, std::size_t old_bytes, std::size_t new_bytes);

  Memory memory_;
  lua_State* state_ = nullptr;
};

void* owner_of(lua_State* L);

// Pushes a table with the libraries and base functions that scripts may use; what is added to it becomes a global.
// pcall and print are not among them: they are the host's.
void push_safe_library(lua_State* L);

// As Lua's tostring, but the same in every run: no addresses of Lua's own objects. Pushes the string, returns it.
const char* push_text_of(lua_State* L, int index);

}  // namespace palloscope::core
