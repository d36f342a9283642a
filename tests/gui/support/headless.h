// Headless: the whole window without a window: App and ImGui run as in the program, but nothing is drawn. Input is
// injected, items are found by their labels, what happened is read from the session. Deterministic: every frame lasts
// 1/60 s.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gui/action.h"
#include "gui/app.h"
#include "gui/key_chord.h"
#include "tests/gui/support/item_log.h"

namespace palloscope::test {

class Headless {
 public:
  explicit Headless(int width = 1440, int height = 900);
  ~Headless();

  gui::App& app() { return *app_; }
  gui::Session& session() { return app_->session(); }

  // Draws so many frames.
  void frames(int count = 1);
  void resize(int width, int height);
  // A built-in scenario, run to its end; the cursor stands there. A frame is drawn.
  void open_scenario(std::string_view name);
  // A script of the test's own, run to its end.
  void open_script(std::string_view text);

  // An item whose label, visible part or ##id, contains this: "##command", "Open". Exact matches first.
  std::optional<Item> find(std::string_view label);
  bool sees(std::string_view label) { return find(label).has_value(); }
  // All labels of the last frame, for messages.
  std::string labels();

  // Moves the mouse there and clicks; fails the test if there is no such item.
  void click(std::string_view label);
  void double_click(std::string_view label);
  void right_click(std::string_view label);
  void hover(std::string_view label);
  void click_at(float x, float y);
  void drag(float from_x, float from_y, float to_x, float to_y);
  void wheel(float x, float y, float steps);
  void key(gui::KeyChord chord);
  void key(std::string_view chord);  // "Ctrl+K"
  void type(std::string_view text);

 private:
  void press(int button, int times);
  std::unique_ptr<gui::App> app_;
};

}  // namespace palloscope::test
