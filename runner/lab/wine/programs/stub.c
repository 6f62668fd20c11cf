/* Stands in for a program that Wine only pretends to have: it says so, leaves a note, and fails.
 * Wine's own stubs print nothing and return 0, and whoever asks believes that they worked. */
#include "refuse.h"

int main(void)
{
    return refuse(L"a stub");
}
