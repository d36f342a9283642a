// What ImGui told the tests about the items of the frame.
#pragma once

#include <string>
#include <unordered_map>

namespace palloscope::test {

struct Item {
  std::string label;  // as given to ImGui, with its ##id
  float left = 0, top = 0, right = 0, bottom = 0;
  bool is_clipped = false;  // nothing of it can be seen
  bool is_checked = false;
};

struct ItemLog {
  std::unordered_map<unsigned, Item> current;  // by ImGuiID
};

inline ItemLog& item_log() {
  static ItemLog log;
  return log;
}

}  // namespace palloscope::test
