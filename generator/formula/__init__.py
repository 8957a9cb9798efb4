"""Formulas: trees and their infix text, the functions that they call, and vectors and matrices of them."""
