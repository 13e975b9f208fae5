package dump

const largeCell = 1 << 20
