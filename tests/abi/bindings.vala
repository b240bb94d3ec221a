// SPDX-License-Identifier: LGPL-2.1-or-later
// Compiled by the tests, against the Vala bindings: a session, a signal of it, and a channel's function.
int main () {
  var session = new Spice.Session ();
  session.uri = "spice://127.0.0.1:1";
  session.channel_new.connect ((channel) => {
    print ("%s\n", Spice.Channel.type_to_string (channel.channel_type));
  });
  return session.connect () ? 0 : 1;
}
