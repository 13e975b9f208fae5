package mysql

import "testing"

func TestOKWarnings(t *testing.T) {
	for _, c := range []struct {
		name string
		head []byte
		want int
		ok   bool
	}{
		{"none", []byte{7, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0}, 0, true},
		{"some, and a text behind", []byte{60, 0, 0, 4, 0, 0xfc, 1, 2, 0xfd, 1, 2, 3, 2, 0, 3, 1, 'R'}, 259, true},
		{"numbers of 8 bytes", []byte{23, 0, 0, 1, 0, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0xff, 0xff}, 65535, true},
		{"error", []byte{9, 0, 0, 1, 0xff, 1, 0, '#', 'H', 'Y', '0', '0', '0'}, 0, false},
		{"rows", []byte{1, 0, 0, 1, 1, 5, 0, 0, 2, 3, 'd', 'e', 'f'}, 0, false},
		{"file wanted", []byte{5, 0, 0, 1, 0xfb, 'f', 'i', 'l', 'e'}, 0, false},
		{"shorter than it says", []byte{7, 0, 0, 1, 0, 1, 0, 2, 0, 0}, 0, false},
		{"ends before the warnings", []byte{5, 0, 0, 1, 0, 1, 0, 2, 0, 9, 9}, 0, false},
		{"no number", []byte{7, 0, 0, 1, 0, 0xff, 0, 2, 0, 0, 0}, 0, false},
		{"nothing", nil, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if n, ok := okWarnings(c.head); n != c.want || ok != c.ok {
				t.Errorf("got %d (%t), want %d (%t)", n, ok, c.want, c.ok)
			}
			for i := range c.head {
				okWarnings(c.head[:i]) // a head that is cut does not end the process
			}
		})
	}
}
