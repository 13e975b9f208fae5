package optfile

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
)

// The layout of .mylogin.cnf as mysql_config_editor writes it: four unused bytes, twenty bytes that fold to the key,
// then for each line its length (four bytes, little endian) and its text under AES-128-ECB with PKCS#7 padding.
const (
	loginHeader = 4
	loginKey    = 20
	maxLine     = 4096
)

// login reads the groups of the reader and that of the login path from the login file.
func (r *reader) login(path, loginPath, suffix string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("login file: %w", err)
	}
	text, err := decodeLogin(data)
	if err != nil {
		return fmt.Errorf("login file %s: %w", path, err)
	}
	own := reader{groups: slices.Clone(r.groups), result: r.result}
	if loginPath != "" {
		own.groups = append(own.groups, loginPath, loginPath+suffix)
	}
	if loginPath != "" && !bytes.Contains(text, []byte("["+loginPath+"]")) {
		return fmt.Errorf("login file %s: no login path %s", path, loginPath)
	}
	return own.parse(bytes.NewReader(text), path, maxDepth)
}

// decodeLogin returns the plain text of a login file.
func decodeLogin(data []byte) ([]byte, error) {
	if len(data) < loginHeader+loginKey {
		return nil, fmt.Errorf("too short: %d bytes", len(data))
	}
	var key [aes.BlockSize]byte
	for i, b := range data[loginHeader : loginHeader+loginKey] {
		key[i%len(key)] ^= b
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	var text []byte
	for rest := data[loginHeader+loginKey:]; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, fmt.Errorf("cut off after %d bytes", len(data))
		}
		n := int(int32(binary.LittleEndian.Uint32(rest)))
		rest = rest[4:]
		if n <= 0 || n > maxLine || n%aes.BlockSize != 0 || n > len(rest) {
			return nil, fmt.Errorf("line of %d bytes", n)
		}
		line := make([]byte, n)
		for i := 0; i < n; i += aes.BlockSize {
			block.Decrypt(line[i:], rest[i:i+aes.BlockSize])
		}
		padding := int(line[n-1])
		if padding == 0 || padding > aes.BlockSize {
			return nil, fmt.Errorf("line does not decrypt")
		}
		text, rest = append(text, line[:n-padding]...), rest[n:]
	}
	return text, nil
}
