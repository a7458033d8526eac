#include <weir.h>
